# SPDX-License-Identifier: MIT
"""Linear algebra of py.torch: the LAPACK functions that Torch7 calls, through
SciPy, or as much as `numpy.linalg` has.  Functions return tuples of arrays;
None leaves the given result as it is."""

import numpy as np

from ._torch_errors import Wrong

try:
    from scipy.linalg import get_lapack_funcs  # type: ignore[import-untyped]
except ImportError:
    get_lapack_funcs = None

SINGULAR = "Lapack Error in {} : U({},{}) is zero, singular U."


def _lapack(name, *arrays):
    if get_lapack_funcs is None:
        raise Wrong(f"{name} : this function needs SciPy; install it with "
                    "pip install scipy")
    return get_lapack_funcs((name,), arrays)[0]


def _check(info, text, *values):
    """Torch7's error, where LAPACK reports one."""
    if info != 0:
        raise Wrong(text.format(*values or (info, info)))


def _columns(b):
    return b.reshape(-1, 1) if b.ndim == 1 else b


# ---- systems ----

def gesv(b, a):
    b = _columns(b)
    if get_lapack_funcs is None:
        return _solve(b, a), a
    factors, _, x, info = _lapack("gesv", a, b)(a, b)
    _check(info, SINGULAR, "gesv", info, info)
    return x, factors


def _solve(b, a):
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        raise Wrong(SINGULAR.format("gesv", len(a), len(a))) from None


def trtrs(b, a, uplo, trans, diag):
    x, info = _lapack("trtrs", a, b)(
        a, _columns(b), lower=uplo == "L", trans=trans == "T",
        unitdiag=diag == "U")
    _check(info, "Lapack Error in trtrs : A({},{}) is zero, singular A")
    return x, a


def gels(b, a):
    b = _columns(b)
    rows, columns = a.shape
    padded = np.zeros((max(rows, columns), b.shape[1]), b.dtype, order="F")
    padded[:rows] = b
    factors, x, info = _lapack("gels", a, padded)(a, padded)
    _check(info, "Lapack Error in gels : The {}-th diagonal element of the "
           "triangular factor of A is zero")
    return x[:columns], factors


def inverse(a):
    singular = "Lapack Error getrf : U({},{}) is 0, U is singular"
    if get_lapack_funcs is None:
        try:
            return (np.linalg.inv(a),)
        except np.linalg.LinAlgError:
            at = int(np.abs(np.diagonal(a)).argmin()) + 1
            raise Wrong(singular.format(at, at)) from None
    factors, pivots, info = _lapack("getrf", a)(a)
    _check(info, singular)
    result, info = _lapack("getri", a)(factors, pivots)
    _check(info, singular.replace("getrf", "getri"))
    return (result,)


# ---- eigenvalues and singular values ----

def symeig(a, vectors, uplo):
    if get_lapack_funcs is None:
        if vectors == "V":
            return tuple(np.linalg.eigh(a, uplo))
        return np.linalg.eigvalsh(a, uplo), a
    values, rest, info = _lapack("syev", a)(
        a, compute_v=vectors == "V", lower=uplo == "L")
    _check(info, "Lapack Error syev : {} off-diagonal elements didn't converge "
           "to zero")
    return values, rest


def eig(a, vectors):
    if get_lapack_funcs is None:
        return _eig_of_numpy(a, vectors)
    real, imaginary, _, columns, info = _lapack("geev", a)(
        a, compute_vl=0, compute_vr=vectors == "V")
    _check(info, " Lapack Error in geev : {} off-diagonal elements of an "
           "didn't converge to zero")
    return (np.stack([real, imaginary], 1),
            columns if vectors == "V" else None)


def _eig_of_numpy(a, vectors):
    def parts(values):
        return np.stack([np.real(values), np.imag(values)], 1).astype(a.dtype)

    if vectors == "N":
        return parts(np.linalg.eigvals(a)), None
    values, columns = np.linalg.eig(a)
    # LAPACK's real form: a conjugate pair is the real and the imaginary part.
    real = np.real(columns).astype(a.dtype)
    second = np.zeros(len(values), bool)
    for i, value in enumerate(values):
        if np.iscomplex(value) and not second[i]:
            real[:, i + 1] = np.imag(columns[:, i])
            second[i + 1] = True
    return parts(values), real


def svd(a, form):
    if get_lapack_funcs is None:
        u, s, vt = np.linalg.svd(a, full_matrices=form == "A")
        return u, s, vt.T
    u, s, vt, info = _lapack("gesvd", a)(a, full_matrices=form == "A")
    _check(info, " Lapack Error gesvd : {} superdiagonals failed to converge.")
    return u, s, vt.T


# ---- positive matrices ----

NOT_POSITIVE = ("Lapack Error in potrf : the leading minor of order {} is not "
                "positive definite")


def potrf(a, uplo):
    if get_lapack_funcs is not None:
        factor, info = _lapack("potrf", a)(a, lower=uplo == "L", clean=1)
        _check(info, NOT_POSITIVE)
        return (factor,)
    full = np.tril(a) if uplo == "L" else np.triu(a)
    full = full + full.T - np.diag(np.diagonal(a))
    for n in range(1, len(full) + 1):
        try:
            lower = np.linalg.cholesky(full[:n, :n])
        except np.linalg.LinAlgError:
            raise Wrong(NOT_POSITIVE.format(n)) from None
    return (lower if uplo == "L" else lower.T,)


def _product(factor, uplo):
    factor = np.tril(factor) if uplo == "L" else np.triu(factor)
    return factor @ factor.T if uplo == "L" else factor.T @ factor


def potrs(b, factor, uplo):
    b = _columns(b)
    if get_lapack_funcs is None:
        return (_solve(b, _product(factor, uplo)),)
    x, info = _lapack("potrs", factor, b)(factor, b, lower=uplo == "L")
    _check(info, "Lapack Error in potrs : A({},{}) is zero, singular A")
    return (x,)


def potri(factor, uplo):
    if get_lapack_funcs is None:
        return inverse(_product(factor, uplo))
    result, info = _lapack("potri", factor)(factor, lower=uplo == "L")
    _check(info, "Lapack Error potri : A({},{}) is 0, A cannot be factorized")
    half = np.tril(result) if uplo == "L" else np.triu(result)
    return (half + half.T - np.diag(np.diagonal(half)),)


def pstrf(a, uplo, tolerance):
    factor, pivots, _, info = _lapack("pstrf", a)(
        a, tol=tolerance, lower=uplo == "L")
    _check(info, "Lapack Error pstrf : matrix is rank deficient or not "
           "positive semidefinite")
    return (np.tril(factor) if uplo == "L" else np.triu(factor),
            pivots.astype(np.int32))


# ---- orthogonal matrices ----

def qr(a):
    if get_lapack_funcs is None:
        return tuple(np.linalg.qr(a))
    factors, tau = geqrf(a)
    k = len(tau)
    return orgqr(factors[:, :k], tau)[0], np.triu(factors[:k])


def geqrf(a):
    factors, tau, _, _ = _lapack("geqrf", a)(a)
    return factors, tau


def orgqr(factors, tau):
    k = len(tau)  # only as many columns are orthogonal
    q = np.array(factors, order="F")
    q[:, :k] = _lapack("orgqr", factors)(factors[:, :k], tau)[0]
    return (q,)


def ormqr(factors, tau, c, side, trans):
    function = _lapack("ormqr", factors, c)
    factors = factors[:, :len(tau)]
    if factors.ndim != 2 or c.ndim != 2 or tau.ndim != 1:
        raise Wrong("ormqr : matrices and a vector of factors are needed")
    order = c.shape[0 if side == "L" else 1]
    if len(factors) != order or len(tau) > min(factors.shape):
        raise Wrong("Lapack Error in ormqr : Illegal Argument 5")
    work = function(side, trans, factors, tau, c, -1)[1]
    return (function(side, trans, factors, tau, c, int(work[0]))[0],)
