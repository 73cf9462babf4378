# SPDX-License-Identifier: MIT
"""Linear algebra of py.torch: LAPACK through SciPy, or as much of it as
`numpy.linalg` has.  Functions return tuples of arrays."""

import numpy as np

from ._torch_errors import Wrong

try:
    from scipy.linalg import get_lapack_funcs  # type: ignore[import-untyped]
except ImportError:
    get_lapack_funcs = None


def _lapack(name, *arrays):
    if get_lapack_funcs is None:
        raise Wrong(f"{name} : this function needs SciPy; install it with "
                    "pip install scipy")
    return get_lapack_funcs((name,), arrays)[0]


def _failed(name, reason, info):
    raise Wrong(f"Lapack Error {name} : {reason.format(info)}")


def _columns(b):
    return b.reshape(-1, 1) if b.ndim == 1 else b


def gesv(b, a):
    b = _columns(b)
    if get_lapack_funcs is None:
        return _solve(b, a), a
    lu, _, x, info = _lapack("gesv", a, b)(a, b)
    if info > 0:
        _failed("in gesv", "U({0},{0}) is zero, singular U.", info)
    return x, lu


def _solve(b, a):
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        _failed("in gesv", "U({0},{0}) is zero, singular U.", len(a))


def inverse(a):
    try:
        return (np.linalg.inv(a),)
    except np.linalg.LinAlgError:
        diagonal = np.abs(np.diagonal(a))
        at = int(diagonal.argmin()) + 1
        _failed("getrf", "U({0},{0}) is 0, U is singular", at)


def trtrs(b, a, uplo, trans, diag):
    x, info = _lapack("trtrs", a, b)(
        a, _columns(b), lower=uplo == "L", trans=trans == "T",
        unitdiag=diag == "U")
    if info > 0:
        _failed("in trtrs", "A({0},{0}) is zero, singular A", info)
    return x, a


def gels(b, a):
    b = _columns(b)
    rows, columns = a.shape
    padded = np.zeros((max(rows, columns), b.shape[1]), b.dtype)
    padded[:rows] = b
    factors, x, info = _lapack("gels", a, padded)(a, padded)
    if info > 0:
        _failed("in gels", "The {0}-th diagonal element of the triangular "
                "factor of A is zero", info)
    return x[:columns], factors


def symeig(a, vectors, uplo):
    if vectors == "V":
        return np.linalg.eigh(a, uplo)
    return np.linalg.eigvalsh(a, uplo), a


def eig(a, vectors):
    if vectors == "N":
        values = np.linalg.eigvals(a)
        return _parts(values, a.dtype), np.empty((0,), a.dtype)
    values, columns = np.linalg.eig(a)
    # LAPACK's real form: a conjugate pair is the real and the imaginary part.
    real = np.real(columns).astype(a.dtype)
    second = np.zeros(len(values), bool)
    for i, value in enumerate(values):
        if np.iscomplex(value) and not second[i]:
            real[:, i + 1] = np.imag(columns[:, i])
            second[i + 1] = True
    return _parts(values, a.dtype), real


def _parts(values, dtype):
    return np.stack([np.real(values), np.imag(values)], 1).astype(dtype)


def svd(a, form):
    u, s, vt = np.linalg.svd(a, full_matrices=form == "A")
    return u, s, vt.T


def qr(a):
    return tuple(np.linalg.qr(a))


def potrf(a, uplo):
    full = np.tril(a) if uplo == "L" else np.triu(a)
    full = full + full.T - np.diag(np.diagonal(a))
    try:
        lower = np.linalg.cholesky(full)
    except np.linalg.LinAlgError:
        _failed("in potrf", "the leading minor of order {0} is not positive "
                "definite", _first_bad_minor(full))
    return (lower if uplo == "L" else lower.T,)


def _first_bad_minor(a):
    for n in range(1, len(a) + 1):
        try:
            np.linalg.cholesky(a[:n, :n])
        except np.linalg.LinAlgError:
            return n
    return len(a)


def _triangle(factor, uplo):
    return np.tril(factor) if uplo == "L" else np.triu(factor)


def _product(factor, uplo):
    factor = _triangle(factor, uplo)
    return factor @ factor.T if uplo == "L" else factor.T @ factor


def potrs(b, factor, uplo):
    return (_solve(_columns(b), _product(factor, uplo)),)


def potri(factor, uplo):
    return inverse(_product(factor, uplo))


def pstrf(a, uplo, tolerance):
    factor, pivots, _, info = _lapack("pstrf", a)(
        a, tol=tolerance, lower=uplo == "L")
    if info < 0:
        _failed("pstrf", "argument {0} is wrong", -info)
    return _triangle(factor, uplo), pivots.astype(np.int32)


def geqrf(a):
    factors, tau, _, _ = _lapack("geqrf", a)(a)
    return factors, tau


def orgqr(factors, tau):
    k = len(tau)  # only as many columns are orthogonal
    q = factors.copy()
    q[:, :k] = _lapack("orgqr", factors)(factors[:, :k], tau)[0]
    return (q,)


def ormqr(factors, tau, c, side, trans):
    function = _lapack("ormqr", factors, c)
    work = function(side, trans, factors, tau, c, -1)[1]
    return (function(side, trans, factors, tau, c, int(work[0]))[0],)
