/* SPDX-License-Identifier: MIT */
#include "cross/signal.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "cross/uncaught.h"

/* Bits of lp_attention. */
enum {
    PENDING = LP_SIGNAL_PENDING, /* a signal came that Python has not looked
                                    at yet */
    PROMPT = 2,  /* the host may have replaced our handler */
};
volatile int lp_attention;

static struct lp_state *watched;

static void
set_attention(int bit)
{
    __atomic_fetch_or(&lp_attention, bit, __ATOMIC_RELAXED);
}

static void
clear_attention(int bit)
{
    __atomic_fetch_and(&lp_attention, ~bit, __ATOMIC_RELAXED);
}

/* ---- the hook ---- */

/* Hooks that ours stands in for (debuggers, coverage).  Only the thread of
 * Python's start writes here, and its signal handler. */
enum { MAX_HOOKS = 16 };
static struct saved_hook {
    lua_State *L; /* NULL: free */
    lua_Hook hook;
    int mask, count;
} saved_hooks[MAX_HOOKS];

static int
attend(lua_State *L)
{
    struct lp_state *S = lp_state_of(L);
    if (S != NULL) {
        struct lp_cross x;
        lp_cross_begin_or_jump(&x, S, L); /* runs the handlers */
        lp_cross_end(&x);
    }
    return 0;
}

static void
restore_hook(lua_State *L)
{
    for (int i = 0; i < MAX_HOOKS; i++) {
        struct saved_hook *saved = &saved_hooks[i];
        if (saved->L == L) {
            lua_sethook(L, saved->hook, saved->mask, saved->count);
            saved->L = NULL;
            return;
        }
    }
    lua_sethook(L, NULL, 0, 0);
}

static void
signal_hook(lua_State *L, lua_Debug *ar)
{
    (void)ar;
    restore_hook(L);
    if ((lp_attention & PENDING) && lp_python_alive &&
        lp_is_python_thread()) {
        /* As a function, so that tracebacks begin with the code it stops. */
        lua_pushcfunction(L, attend);
        lua_call(L, 0, 0);
    }
}

/* Async-signal safe, like lua_sethook itself. */
static void
plant_hook(lua_State *L)
{
    lua_Hook old = lua_gethook(L);
    if (old == signal_hook) {
        return;
    }
    for (int i = 0; old != NULL && i < MAX_HOOKS; i++) {
        struct saved_hook *saved = &saved_hooks[i];
        if (saved->L == NULL) {
            *saved = (struct saved_hook){L, old, lua_gethookmask(L),
                                         lua_gethookcount(L)};
            break;
        }
    }
    /* Where a hook is set already, the signal may have come while Lua counted
     * an instruction, which then loses our count: the next line is seen. */
    int line = old != NULL ? LUA_MASKLINE : 0;
    lua_sethook(L, signal_hook,
                LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT | line, 1);
}

lua_State *
lp_resumed_by(lua_State *L)
{
    lua_Debug ar;
    if (!lua_getstack(L, 0, &ar) || !lua_getinfo(L, "S", &ar) ||
        ar.what[0] != 'C') {
        return NULL;
    }
    lua_State *resumed = lua_tothread(L, 1);
    if (resumed == NULL) {
        resumed = lua_tothread(L, lua_upvalueindex(1));
    }
    return resumed != L ? resumed : NULL;
}

/* LuaJIT has one hook for all coroutines; PUC Lua one for each, and which of
 * them runs has to be found from the one that was entered. */
static void
plant_hooks(struct lp_state *S, lua_State *L)
{
    enum { MAX_NESTED = 64 };
    for (int i = 0; L != NULL && i < MAX_NESTED; i++) {
        plant_hook(L);
        L = S->luajit ? NULL : lp_resumed_by(L);
    }
}

void
lp_attend_soon(lua_State *L)
{
    if ((lp_attention & PENDING) && lp_is_python_thread()) {
        plant_hook(L);
    }
}

/* ---- the handler ---- */

static void (*python_handler)(int);
static int wants_interrupts; /* Python code has a handler for SIGINT */

static long long
monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* When a SIGINT came that the hook is to deliver; 0: there is none.  Only the
 * thread of Python's start uses it. */
static volatile long long interrupted_at;
static int default_interrupts = 1; /* SIGINT raises KeyboardInterrupt */
static const long long PATIENCE_NS = 500000000;

/* Since when LP_SIGNAL_PENDING is set. */
static volatile long long pending_since;

/* This thread waits for a Lua state in which another thread runs Lua code, and
 * can raise nothing before it gets that: the host's own action ends the wait,
 * too. */
static void
end_if_waiting(int number, int was_pending)
{
    if (was_pending && default_interrupts &&
        monotonic_ns() - pending_since > PATIENCE_NS) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

/* Lua code that looks at no hooks (a loop that LuaJIT has compiled, a C
 * function that takes its time) is ended by the next Ctrl-C, as the hosts'
 * own handlers do it: by the default action, when the first had its time. */
static void
end_if_stuck(int number)
{
    long long now = monotonic_ns();
    if (interrupted_at == 0) {
        interrupted_at = now;
    }
    else if (now - interrupted_at > PATIENCE_NS && default_interrupts) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

static void
on_signal(int number)
{
    int saved_errno = errno;
    if (number == SIGINT && !lp_is_python_thread()) {
        /* The thread that shall stop, and whose system call it shall end. */
        lp_signal_python_thread(number);
        errno = saved_errno;
        return;
    }
    python_handler(number);
    int was_pending = lp_attention & PENDING;
    if (!was_pending) {
        pending_since = monotonic_ns();
    }
    set_attention(PENDING);
    if (lp_is_python_thread()) {
        struct lp_frame *frame = lp_this_thread.frame;
        struct lp_state *S = frame != NULL ? frame->S : watched;
        lua_State *L = frame != NULL ? frame->L
                       : S != NULL   ? S->main
                                     : NULL;
        if (L != NULL && (frame == NULL || !frame->unlocked)) {
            plant_hooks(S, L);
            if (number == SIGINT && !S->python_host && !lp_this_thread.gil) {
                end_if_stuck(number);
            }
        }
        else if (number == SIGINT && lp_this_thread.waits && S != NULL &&
                 !S->python_host) {
            end_if_waiting(number, was_pending);
        }
        /* Else Python runs: lp_cross_end will see lp_attention. */
    }
    errno = saved_errno;
}

/* Stand in front of Python's handler for a signal, if it has one. */
static void
stand_in_front(int number)
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) < 0 ||
        action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN ||
        (action.sa_flags & SA_SIGINFO)) {
        wants_interrupts = wants_interrupts && number != SIGINT;
        return;
    }
    if (action.sa_handler != on_signal) {
        python_handler = action.sa_handler;
        action.sa_handler = on_signal;
        sigaction(number, &action, NULL);
    }
    wants_interrupts = wants_interrupts || number == SIGINT;
}

/* A prompt replaces our handler before it runs a line.  Lines are far apart
 * and crossings are not: look only when some time has passed. */
static void
return_to_front(void)
{
    enum { LINE_TIME_NS = 50000 };
    static long long last;
    long long ns = monotonic_ns();
    if (ns - last < LINE_TIME_NS || !wants_interrupts) {
        return;
    }
    last = ns;
    struct sigaction action;
    if (sigaction(SIGINT, NULL, &action) == 0 &&
        action.sa_handler != on_signal && action.sa_handler != SIG_IGN) {
        action.sa_handler = on_signal;
        action.sa_flags = 0; /* no SA_RESTART: blocking calls shall end */
        sigemptyset(&action.sa_mask);
        sigaction(SIGINT, &action, NULL);
    }
}

void
lp_attend_or_jump(struct lp_cross *x)
{
    if (!lp_is_python_thread()) {
        return;
    }
    if (lp_attention & PROMPT) {
        return_to_front();
    }
    if (!(lp_attention & PENDING)) {
        return;
    }
    clear_attention(PENDING);
    interrupted_at = 0;
    lp_cross_unlock(x);
    int failed = PyErr_CheckSignals() < 0;
    lp_cross_lock(x);
    if (failed) {
        lua_State *L = x->frame.L;
        lp_cross_fail(x->frame.S, L, 0);
        lp_show_uncaught(x->frame.S, L);
        lp_cross_end(x);
        lua_error(L);
    }
}

int
lp_check_signals(void)
{
    clear_attention(PENDING);
    interrupted_at = 0;
    return PyErr_CheckSignals();
}

int
lp_poll_slow(struct lp_state *S)
{
    if (!lp_is_python_thread()) {
        return 0;
    }
    lp_python_runs(S);
    int result = lp_check_signals();
    lp_python_ran(S);
    return result;
}

void
lp_signals_watch(struct lp_state *S)
{
    if (watched == NULL && lp_is_python_thread()) {
        watched = S;
    }
}

void
lp_signals_forget(struct lp_state *S)
{
    if (watched == S) {
        watched = NULL;
    }
}

void
lp_signals_at_prompt(void)
{
    set_attention(PROMPT);
}

/* ---- pyhelper._core ---- */

static PyObject *python_signal; /* _signal.signal; owned by the process */
static PyObject *default_handler; /* _signal.default_int_handler; the same */

/* signal(signalnum, handler): _signal.signal, after which our handler stands
 * in front again. */
static PyObject *
signal_signal(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *old = PyObject_Call(python_signal, args, NULL);
    PyObject *number = old != NULL ? PyTuple_GetItem(args, 0) : NULL;
    if (number != NULL) {
        long n = PyLong_AsLong(number);
        if (n == -1 && PyErr_Occurred()) {
            Py_CLEAR(old);
            return NULL;
        }
        stand_in_front((int)n);
        if (n == SIGINT) {
            PyObject *handler = PyTuple_GetItem(args, 1); /* borrowed */
            default_interrupts = handler == default_handler;
        }
    }
    return old;
}

/* stand_in_front(signalnum): our handler comes before the one that Python has
 * for this signal now, if it has one. */
static PyObject *
signal_stand_in_front(PyObject *self, PyObject *number)
{
    (void)self;
    long n = PyLong_AsLong(number);
    if (n == -1 && PyErr_Occurred()) {
        return NULL;
    }
    stand_in_front((int)n);
    Py_RETURN_NONE;
}

/* stand_before(function, handler, thread): remember the real _signal.signal,
 * the handler that raises KeyboardInterrupt, and the identity of Python's main
 * thread. */
static PyObject *
stand_before(PyObject *self, PyObject *args)
{
    PyObject *function, *handler;
    unsigned long thread;
    (void)self;
    if (!PyArg_ParseTuple(args, "OOk", &function, &handler, &thread)) {
        return NULL;
    }
    if (python_signal == NULL) {
        Py_INCREF(function);
        Py_INCREF(handler);
        python_signal = function;
        default_handler = handler;
    }
    lp_set_python_thread(thread);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"signal", signal_signal, METH_VARARGS,
     "Set the action for the given signal; see the module signal."},
    {"stand_before", stand_before, METH_VARARGS, NULL},
    {"stand_in_front", signal_stand_in_front, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

int
lp_signal_init_python(PyObject *module)
{
    return PyModule_AddFunctions(module, methods);
}
