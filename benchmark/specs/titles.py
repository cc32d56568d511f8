"""How tasks, tables and profiles are called in print; in files and commands their ids are used."""

TASKS = {
    "sr4": "Face super-resolution (4x, bicubic)",
    "mosaic16": "Hallucination (16x, mosaic)",
    "denoise": "Denoising (1/3 each Gaussian, Poisson, Laplace)",
    "deblur": "Deblurring (1/2 motion, 1/2 Gaussian blur)",
    "jpeg": "JPEG artifact removal",
    "dual_blind": "Dual-blind restoration (full degradation)",
}

TABLES = {
    "table1": "Table 1: ablation of the prior on 16x face hallucination",
    "table2": "Table 2: restoration of synthetic degradations",
    "table3": "Table 3: domain gap and generalization of super-resolution methods",
}

COMPANIONS = {  # tables that the paper has not, written once there are scores on their test sets
    "table2_photographs": "Beside Table 2: the same checkpoints on photographs",
    "table3_true": "Beside Table 3: trained on synthetic or on real degradation, tested on true degraded faces",
    "table_pretrained": "Published restorers with their authors' weights, beside floors and the shipped checkpoint",
}

PROFILES = {
    "quick": "a check of the machinery: embedded portraits, painted by this program, and minutes of training; "
    "not a result",
    "lite": "a small experiment on {train} GAN portraits; not comparable with the paper's scale",
    "paper": "the paper's schedule, on the faces named here",
}
