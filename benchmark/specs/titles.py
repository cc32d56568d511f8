"""How tasks, methods and profiles are called in a printed table; in files and commands their ids are used."""

TASKS = {
    "sr4": "Face super-resolution (4x, bicubic)",
    "mosaic16": "Hallucination (16x, mosaic)",
    "denoise": "Denoising (1/3 each Gaussian, Poisson, Laplace)",
    "deblur": "Deblurring (1/2 motion, 1/2 Gaussian blur)",
    "jpeg": "JPEG artifact removal",
    "dual_blind": "Dual-blind restoration (full degradation)",
}

METHODS = {
    "identity": "Degraded input",
    "reference": "Reference",
    "bicubic": "Bicubic",
    "bicubic_x4": "Bicubic 1/4 and back",
    "lanczos": "Lanczos",
    "wiener": "Wiener deconvolution",
    "richardson_lucy": "Richardson-Lucy",
    "nlm": "Non-local means",
    "total_variation": "Total variation",
    "bm3d": "BM3D",
    "edsr": "EDSR",
    "srgan": "SRGAN",
    "esrgan": "ESRGAN",
    "srfbn": "SRFBN",
    "superfan": "Super-FAN",
    "waveletcnn": "WaveletCNN",
    "ridnet": "RIDNet",
    "vdnet": "VDNet",
    "deblurgan": "DeblurGAN",
    "deblurgan_v2": "DeblurGANv2",
    "arcnn": "ARCNN",
    "epgan": "EPGAN",
    "gfrnet": "GFRNet",
    "ispl": "ISPL",
    "ispl-lite": "ISPL-lite, as shipped",
    "ispl:ep_map": "EP-map",
    "ispl:ep_16x": "EP-16x",
    "ispl:isp_y0": "ISP-Y0",
    "ispl:isp_unet": "ISP-unet",
    "ispl:isp_unet_pac": "ISP-unet, PAC",
    "ispl:isp_concat": "ISP-concat",
    "ispl:isp_matrix": "ISP-matrix",
    "ispl:released": "ISPL, authors' code",
}

TABLES = {
    "table1": "Table 1: ablation of the prior on 16x face hallucination",
    "table2": "Table 2: restoration of synthetic degradations",
    "table3": "Table 3: domain gap and generalization of super-resolution methods",
}

COMPANIONS = {  # tables that the paper has not, written once there are scores on their test sets
    "table2_photographs": "Beside Table 2: the same checkpoints on photographs",
    "table3_true": "Beside Table 3: trained on synthetic or on real degradation, tested on true degraded faces",
}

PROFILES = {
    "quick": "a check of the machinery: embedded portraits, painted by this program, and minutes of training; "
    "not a result",
    "lite": "a small experiment on {train} GAN portraits; not comparable with the paper's scale",
    "paper": "FFHQ and the paper's schedule",
}


def method_title(name: str) -> str:
    """The printed name of a method; its id where it has none."""
    return METHODS.get(name, name)
