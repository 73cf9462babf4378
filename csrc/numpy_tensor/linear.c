/* SPDX-License-Identifier: MIT */
#include "numpy_tensor/linear.h"

#include <stdlib.h>
#include <string.h>

/* ---- copies ---- */

/* Rows at a time: where steps are a power of two, the cache has few places
 * for what lies so far apart. */
enum { TILE = 8 };

#define LP_MOVE(type)                                                         \
    static void move_##type(char *to, struct lp_steps a, const char *from,    \
                            struct lp_steps b, int rows, int columns)         \
    {                                                                         \
        for (int first = 0; first < rows; first += TILE) {                    \
            int last = lp_min(first + TILE, rows);                            \
            for (int k = 0; k < columns; k++) {                               \
                char *own = to + k * a.column;                                \
                const char *other = from + k * b.column;                      \
                for (int i = first; i < last; i++) {                          \
                    *(type *)(own + i * a.row) =                              \
                        *(const type *)(other + i * b.row);                   \
                }                                                             \
            }                                                                 \
        }                                                                     \
    }
LP_MOVE(uint32_t)
LP_MOVE(uint64_t)

static void
move(size_t item, void *to, struct lp_steps to_steps, const void *from,
     struct lp_steps from_steps, int rows, int columns)
{
    if (item == sizeof(uint64_t)) {
        move_uint64_t(to, to_steps, from, from_steps, rows, columns);
    }
    else {
        move_uint32_t(to, to_steps, from, from_steps, rows, columns);
    }
}

void
lp_linear_move(const struct lp_linear *c, void *to, struct lp_steps to_steps,
               const void *from, struct lp_steps from_steps, int rows,
               int columns)
{
    move(c->item, to, to_steps, from, from_steps, rows, columns);
}

static struct lp_steps
steps_of(const struct lp_tensor *t)
{
    ptrdiff_t item = (ptrdiff_t)lp_dtypes[t->dtype].size;
    const int64_t *stride = lp_tensor_strides(t);
    return (struct lp_steps){(ptrdiff_t)stride[0] * item,
                             t->nd == 2 ? (ptrdiff_t)stride[1] * item : 0};
}

void
lp_linear_copy(const struct lp_linear *c, int argument, void *to, int step)
{
    const struct lp_tensor *t = c->argument[argument];
    ptrdiff_t item = (ptrdiff_t)c->item;
    move(c->item, to, (struct lp_steps){item, step * item}, lp_tensor_data(t),
         steps_of(t), lp_rows(t), lp_columns(t));
}

/* The step from column to column, if LAPACK can read the matrix where it is;
 * else 0. */
static int
step_in_place(const struct lp_tensor *t)
{
    const int64_t *stride = lp_tensor_strides(t);
    int rows = lp_rows(t);
    if (rows > 1 && stride[0] != 1) {
        return 0;
    }
    if (lp_columns(t) == 1) {
        return rows;
    }
    return stride[1] >= rows && stride[1] <= INT32_MAX ? (int)stride[1] : 0;
}

void
lp_linear_input(struct lp_linear *c, int i, int argument)
{
    const struct lp_tensor *t = c->argument[argument];
    if (step_in_place(t) == 0) {
        lp_linear_reals(c, i, lp_rows(t), lp_columns(t));
    }
}

void *
lp_linear_input_at(struct lp_linear *c, int i, int argument, int *step)
{
    const struct lp_tensor *t = c->argument[argument];
    if (c->space[i].data == NULL) {
        *step = step_in_place(t);
        return lp_tensor_data(t);
    }
    *step = lp_rows(t);
    lp_linear_copy(c, argument, c->space[i].data, *step);
    return c->space[i].data;
}

void
lp_linear_clear(const struct lp_linear *c, char uplo, void *matrix,
                int columns, int step)
{
    char *column = matrix;
    for (int k = 0; k < columns; k++) {
        int first = uplo == 'U' ? lp_min(k + 1, step) : 0;
        int last = uplo == 'U' ? step : lp_min(k, step);
        memset(column + (size_t)first * c->item, 0,
               (size_t)(last - first) * c->item);
        column += (size_t)step * c->item;
    }
}

/* ---- plans ---- */

void
lp_linear_columns(struct lp_linear *c, int i, int rows, int columns,
                  int argument)
{
    c->result[i] = (struct lp_linear_result){.dtype = c->dtype,
                                             .nd = 2,
                                             .rows = rows,
                                             .columns = columns,
                                             .step = rows,
                                             .argument = argument};
}

void
lp_linear_rows(struct lp_linear *c, int i, int rows, int columns)
{
    c->result[i] = (struct lp_linear_result){.dtype = c->dtype,
                                             .nd = 2,
                                             .rows = rows,
                                             .columns = columns,
                                             .step = columns,
                                             .by_rows = 1,
                                             .argument = -1};
}

void
lp_linear_vector(struct lp_linear *c, int i, int n, enum lp_dtype dtype)
{
    c->result[i] = (struct lp_linear_result){.dtype = dtype,
                                             .nd = 1,
                                             .rows = n,
                                             .columns = 1,
                                             .step = 1,
                                             .by_rows = 1,
                                             .argument = -1};
}

void
lp_linear_reals(struct lp_linear *c, int i, int rows, int columns)
{
    c->space[i].bytes = (size_t)rows * (size_t)columns * c->item;
}

void
lp_linear_work(struct lp_linear *c, int n)
{
    lp_linear_reals(c, 0, n, 1);
    c->work = n;
}

void
lp_linear_pivots(struct lp_linear *c, int i, int n)
{
    c->space[i].bytes = (size_t)n * sizeof(int);
}

/* ---- arguments ---- */

/* No number that LAPACK gets is larger than an int. */
enum { MOST_ROWS = 1 << 26 };

/* [-] Matrices and vectors that have elements, of one type of reals. */
static int
is_matrix(const struct lp_tensor *t, enum lp_dtype dtype)
{
    return t->dtype == dtype && (t->nd == 1 || t->nd == 2) &&
           t->size[0] <= MOST_ROWS &&
           (t->nd == 1 || t->size[1] <= MOST_ROWS);
}

/* [-0, +0, -] Does the value at `index` fit the option of which the letters
 * begin there? */
static int
fits_option(lua_State *L, int index, const char *letters)
{
    size_t length;
    if (lua_type(L, index) != LUA_TSTRING) {
        return 0;
    }
    const char *text = lua_tolstring(L, index, &length);
    return length == 1 && (*text == letters[0] || *text == letters[1]);
}

/* [-0, +0, -] The options from `first` on, each of which may be left out: the
 * first way that takes all values, as signature.lua looks for it. */
static int
read_options(lua_State *L, const char *options, int first, int last,
             char *option)
{
    int n = (int)strlen(options) / 3;
    for (int way = 0; way < 1 << n; way++) {
        int index = first;
        for (int i = 0; i < n; i++) {
            const char *letters = options + 3 * i;
            option[i] = letters[2];
            if (way >> i & 1) {
                if (index > last || !fits_option(L, index, letters)) {
                    index = last + 2; /* not this way */
                    break;
                }
                option[i] = *lua_tostring(L, index++);
            }
        }
        if (index == last + 1) {
            return 1;
        }
    }
    return 0;
}

/* [-0, +0, -] f(arguments, options) or f(results, arguments, options) */
static int
read_call(lua_State *L, const struct lp_linear_row *row, struct lp_linear *c)
{
    struct lp_tensor *tensors[2 * LP_LINEAR_MOST];
    int n = 0, top = lua_gettop(L);
    while (n < top && n < row->n_results + row->n_arguments &&
           (tensors[n] = lp_to_tensor(L, n + 1)) != NULL) {
        n++;
    }
    int n_given = n - row->n_arguments;
    if (n_given != 0 && n_given != row->n_results) {
        return 0;
    }
    *c = (struct lp_linear){.dtype = tensors[n_given]->dtype, .number = -1};
    c->item = lp_dtypes[c->dtype].size;
    if (c->dtype != LP_Float && c->dtype != LP_Double) {
        return 0;
    }
    for (int i = 0; i < n_given; i++) {
        c->given[i] = tensors[i];
    }
    for (int i = 0; i < row->n_arguments; i++) {
        c->argument[i] = tensors[n_given + i];
        if (!is_matrix(c->argument[i], c->dtype)) {
            return 0;
        }
    }
    if (row->takes_number && top > n && lua_type(L, top) == LUA_TNUMBER) {
        c->number = lua_tonumber(L, top--);
    }
    return read_options(L, row->options, n + 1, top, c->option);
}

/* ---- results ---- */

/* [-] Is the tensor that is given laid out as the result is going to be?  If
 * it is not, it has to be resized. */
static int
is_laid_out(const struct lp_linear *c, int i)
{
    const struct lp_linear_result *r = &c->result[i];
    const struct lp_tensor *t = c->given[i];
    if (r->nd == 0) {
        return t->dtype == c->dtype;
    }
    if (t->dtype != r->dtype || t->nd != r->nd || t->size[0] != r->rows ||
        (t->nd == 2 && t->size[1] != r->columns)) {
        return 0;
    }
    const int64_t *stride = lp_tensor_strides(t);
    if (!r->by_rows && !(r->argument >= 0 && t == c->argument[r->argument])) {
        return stride[0] == 1 && stride[1] == r->step;
    }
    for (int d = 0; d < t->nd; d++) {
        if (stride[d] == 0 && t->size[d] > 1) {
            return 0; /* many elements in one place */
        }
    }
    return 1;
}

/* [-0, +1, em] Push a new tensor in which result `i` is computed. */
static void
push_result_or_jump(lua_State *L, struct lp_linear *c, int i)
{
    struct lp_linear_result *r = &c->result[i];
    struct lp_state *S = c->argument[0]->S;
    if (r->nd == 0) {
        lp_new_tensor_or_jump(S, L, c->dtype);
        return;
    }
    int64_t size[2] = {r->by_rows ? r->rows : r->columns, r->step};
    struct lp_tensor *t = lp_new_sized_or_jump(S, L, r->dtype, r->nd, size);
    if (!r->by_rows) {
        t->size[0] = r->rows;
        t->size[1] = r->columns;
        t->size[2] = 1;
        t->size[3] = r->step;
    }
    r->data = lp_tensor_data(t);
}

/* Sizes and strides of the arguments. */
struct geometry {
    int nd[LP_LINEAR_MOST];
    int64_t size[LP_LINEAR_MOST][4];
};

static struct geometry
geometry_of(const struct lp_linear *c)
{
    struct geometry g = {0};
    for (int i = 0; i < LP_LINEAR_MOST && c->argument[i] != NULL; i++) {
        const struct lp_tensor *t = c->argument[i];
        g.nd[i] = t->nd;
        for (int d = 0; t->nd <= 2 && d < 2 * t->nd; d++) {
            g.size[i][d] = t->size[d];
        }
    }
    return g;
}

static void
push_results_or_jump(lua_State *L, const struct lp_linear_row *row,
                     struct lp_linear *c)
{
    struct geometry before = geometry_of(c);
    int nargs = lua_gettop(L);
    for (int i = 0; i < row->n_results; i++) {
        push_result_or_jump(L, c, i);
    }
    struct geometry after = geometry_of(c);
    int same = memcmp(&before, &after, sizeof before) == 0;
    for (int i = 0; i < row->n_results; i++) {
        /* A finalizer finds them with Lua's debug library. */
        const struct lp_tensor *t = lp_tensor_at(L, nargs + 1 + i);
        same = same && t->nd == c->result[i].nd &&
               (t->nd == 0 || lp_tensor_data(t) == c->result[i].data);
    }
    if (!same) {
        lp_changed_or_jump(L);
    }
}

/* ---- memory for the work ---- */

enum { ROOM = 8192, ALIGNMENT = 64 };

static size_t
bytes_of(const struct lp_linear_result *r)
{
    size_t lines = (size_t)(r->by_rows ? r->rows : r->columns);
    return lines * (size_t)r->step * lp_dtypes[r->dtype].size;
}

/* Give a place to what needs `bytes`, from `*used` on; without memory yet only
 * count. */
static void *
place(char *memory, size_t *used, size_t bytes)
{
    void *at = memory != NULL ? memory + *used : NULL;
    *used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return bytes != 0 ? at : NULL;
}

static size_t
place_all(struct lp_linear *c, char *memory)
{
    size_t used = 0;
    for (int i = 0; i < LP_LINEAR_SPACES; i++) {
        c->space[i].data = place(memory, &used, c->space[i].bytes);
    }
    for (int i = 0; i < LP_LINEAR_MOST; i++) {
        if (c->given[i] != NULL && c->result[i].nd > 0) {
            c->result[i].data = place(memory, &used, bytes_of(&c->result[i]));
        }
    }
    return used;
}

/* ---- the call ---- */

static void
store(struct lp_linear *c)
{
    for (int i = 0; i < LP_LINEAR_MOST; i++) {
        const struct lp_linear_result *r = &c->result[i];
        if (c->given[i] != NULL && r->nd > 0) {
            size_t item = lp_dtypes[r->dtype].size;
            ptrdiff_t next = (ptrdiff_t)item, step = r->step * next;
            move(item, lp_tensor_data(c->given[i]), steps_of(c->given[i]),
                 r->data,
                 r->by_rows ? (struct lp_steps){step, next}
                            : (struct lp_steps){next, step},
                 r->rows, r->columns);
        }
    }
}

/* [lock] Compute, and store what was computed apart; 0 if it cannot be. */
static int
run(const struct lp_linear_row *row, struct lp_linear *c)
{
    _Alignas(ALIGNMENT) char room[ROOM];
    char *memory = room;
    size_t bytes = place_all(c, NULL);
    if (bytes > ROOM) {
        memory = aligned_alloc(ALIGNMENT, bytes);
        if (memory == NULL) {
            return 0;
        }
    }
    place_all(c, memory);
    int failed = row->compute(c);
    if (!failed) {
        store(c);
    }
    if (memory != room) {
        free(memory);
    }
    return !failed;
}

/* [-0, +0, -] Read the arguments, see if they are for us, and plan. */
static int
prepare(lua_State *L, const struct lp_linear_row *row, struct lp_linear *c,
        const struct lp_lapack *lapack)
{
    if (!read_call(L, row, c)) {
        return 0;
    }
    c->lapack = lapack;
    if (!row->plan(c)) {
        return 0;
    }
    for (int i = 0; i < row->n_results && c->given[i] != NULL; i++) {
        if (!is_laid_out(c, i)) {
            return 0;
        }
    }
    return 1;
}

int
lp_linear(lua_State *L)
{
    const struct lp_linear_row *row =
        lua_touserdata(L, lua_upvalueindex(LP_OPERATION_ROW));
    int nargs = lua_gettop(L);
    struct lp_linear c;
    /* Wrong calls do not import SciPy. */
    if (!lp_lapack_known && !prepare(L, row, &c, NULL)) {
        return lp_call_rest_or_jump(L);
    }
    const struct lp_tensor *first = lp_to_tensor(L, 1);
    if (first == NULL) {
        return lp_call_rest_or_jump(L);
    }
    const struct lp_lapack *lapack =
        lp_lapack_or_jump(first->S, L, first->dtype);
    if (lapack == NULL || !prepare(L, row, &c, lapack)) {
        return lp_call_rest_or_jump(L);
    }
    int is_given = c.given[0] != NULL;
    if (!is_given) {
        push_results_or_jump(L, row, &c);
    }
    if (!run(row, &c)) {
        /* The function in Lua words the error. */
        lua_settop(L, nargs);
        return lp_call_rest_or_jump(L);
    }
    if (is_given) {
        lua_settop(L, row->n_results);
    }
    return row->n_results;
}
