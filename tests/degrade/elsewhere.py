"""Another machine, played by this one: what a function gives where IPP and AVX-512 are missing."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

# What other machines lack, switched off: Intel's IPP in OpenCV, AVX-512 in OpenCV and numpy, a kernel of OpenBLAS.
ELSEWHERE = {
    "OPENCV_IPP": "disabled",
    "OPENCV_CPU_DISABLE": "AVX512-SKX",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
}


def elsewhere(function: Callable[[], dict[str, str]]) -> dict[str, str]:
    """What a function at the top of a module, without arguments, gives in a process of such a machine."""
    module, name = function.__module__, function.__name__
    code = f"import json; from {module} import {name}; print(json.dumps({name}()))"
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, env=os.environ | ELSEWHERE, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
