# SPDX-License-Identifier: MIT
"""The PEP 517 backend: setuptools, and CMake from PyPI where there is none."""

import shutil

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403

__all__ = list(build_meta.__all__)


def get_requires_for_build_wheel(config_settings=None):
    required = build_meta.get_requires_for_build_wheel(config_settings)
    if shutil.which("cmake") is None:
        required.append("cmake>=3.16")
    return [*required, "wheel"]
