// Mamba-2's scan. A work-item has LANES columns of the state of one head and goes through all steps, chunk by chunk, each
// time with a few rows of the state in registers.
#define CHUNK 64
#define BLOCK 8

// Sizes: steps, heads, columns and rows of a state, heads of x, of b and of c, elements between columns and between rows of
// states in memory, pieces of a head, flags.
#define STEPS size.s0
#define HEADS size.s1
#define COLUMNS size.s2
#define ROWS size.s3
#define OF_X size.s4
#define OF_B size.s5
#define OF_C size.s6
#define COLUMN_STEP size.s7
#define ROW_STEP size.s8
#define PIECES size.s9
#define FLAGS size.sa
#define STATE 1
#define REVERSE 2
#define LAST 4

inline V part(__global const T* p, const long n) {
  if (n == LANES) return LOAD(p);
  T some[LANES];
  for (int i = 0; i < LANES; i++) some[i] = i < n ? p[i] : 0;
  return LOAD(some);
}

inline void put(const V v, __global T* p, const long n) {
  if (n == LANES) {
    STORE(v, p);
  } else {
    T some[LANES];
    STORE(v, some);
    for (int i = 0; i < n; i++) p[i] = some[i];
  }
}

inline V part_apart(__global const T* p, const long step, const long n) {
  T some[LANES];
  for (int i = 0; i < LANES; i++) some[i] = i < n ? p[i * step] : 0;
  return LOAD(some);
}

inline void put_apart(const V v, __global T* p, const long step, const long n) {
  T some[LANES];
  STORE(v, some);
  for (int i = 0; i < n; i++) p[i * step] = some[i];
}

inline T total(const V v, const long n) {
  T some[LANES];
  STORE(v, some);
  T sum = 0;
  for (int i = 0; i < n; i++) sum += some[i];
  return sum;
}

// COUNT rows of the state through the steps of a chunk: gates come before a step, or behind it.
#define THROUGH(COUNT, BEFORE, AFTER) \
  V v[COUNT]; \
  for (int j = 0; j < COUNT; j++) v[j] = LOAD(s + (r + j) * LANES); \
  for (long i = 0; i < steps; i++) { \
    const long bt = batch * STEPS + (FLAGS & REVERSE ? STEPS - 1 - from - i : from + i); \
    __global const T* bs = b + (bt * OF_B + head / (HEADS / OF_B)) * ROWS + r; \
    __global const T* cs = c + (bt * OF_C + head / (HEADS / OF_C)) * ROWS + r; \
    const T f = fs[i]; \
    const V in = LOAD(xs + i * LANES); \
    V sum = LOAD(ys + i * LANES); \
    for (int j = 0; j < COUNT; j++) { \
      v[j] = fma(in, (V) (bs[j]), v[j] BEFORE); \
      sum = fma(v[j], (V) (cs[j]), sum); \
      v[j] = v[j] AFTER; \
    } \
    STORE(sum, ys + i * LANES); \
  } \
  for (int j = 0; j < COUNT; j++) STORE(v[j], s + (r + j) * LANES);

kernel void ssd_scan(
    IN(T, x), IN(T, a), IN(T, b), IN(T, c), IN(T, first), OUT(T, y), OUT(T, last), OUT(T, work), const long16 size) {
  OPEN(T, x);
  OPEN(T, a);
  OPEN(T, b);
  OPEN(T, c);
  OPEN(T, first);
  OPEN_OUT(T, y);
  OPEN_OUT(T, last);
  OPEN_OUT(T, work);
  const long item = get_global_id(0);
  const long batch = get_global_id(1);
  if (item >= HEADS * PIECES) return;
  const long head = item / PIECES;
  const long column = item % PIECES * LANES;
  const long n = min((long) LANES, COLUMNS - column);
  __global T* s = work + (batch * HEADS * PIECES + item) * ((ROWS + 2 * CHUNK) * LANES + CHUNK);
  __global T* xs = s + ROWS * LANES;
  __global T* ys = xs + CHUNK * LANES;
  __global T* fs = ys + CHUNK * LANES;
  const long state = (batch * HEADS + head) * ROWS * COLUMNS + column * COLUMN_STEP;
  for (long r = 0; r < ROWS; r++) {
    STORE(FLAGS & STATE ? part_apart(first + state + r * ROW_STEP, COLUMN_STEP, n) : (V) (0), s + r * LANES);
  }
  for (long from = 0; from < STEPS; from += CHUNK) {
    const long steps = min((long) CHUNK, STEPS - from);
    for (long i = 0; i < steps; i++) {
      const long bt = batch * STEPS + (FLAGS & REVERSE ? STEPS - 1 - from - i : from + i);
      STORE(part(x + (bt * OF_X + head / (HEADS / OF_X)) * COLUMNS + column, n), xs + i * LANES);
      STORE((V) (0), ys + i * LANES);
      fs[i] = exp(a[bt * HEADS + head]);
    }
    long r = 0;
    if (FLAGS & REVERSE) {
      for (; r + BLOCK <= ROWS; r += BLOCK) {
        THROUGH(BLOCK, , * f)
      }
      for (; r < ROWS; r++) {
        THROUGH(1, , * f)
      }
    } else {
      for (; r + BLOCK <= ROWS; r += BLOCK) {
        THROUGH(BLOCK, * f, )
      }
      for (; r < ROWS; r++) {
        THROUGH(1, * f, )
      }
    }
    for (long i = 0; i < steps; i++) {
      const long bt = batch * STEPS + (FLAGS & REVERSE ? STEPS - 1 - from - i : from + i);
      put(LOAD(ys + i * LANES), y + (bt * HEADS + head) * COLUMNS + column, n);
    }
  }
  if (FLAGS & LAST) {
    for (long r = 0; r < ROWS; r++) put_apart(LOAD(s + r * LANES), last + state + r * ROW_STEP, COLUMN_STEP, n);
  }
}

// The gradient of gates: states at the starts of chunks first, then from the last chunk, whose states are made anew.
// Work memory of a work-item: those states, those of a chunk, the gradient of the state, steps.
kernel void ssd_gates(
    IN(T, up), IN(T, dlast), IN(T, x), IN(T, a), IN(T, b), IN(T, c), IN(T, first), OUT(T, copies), OUT(T, work),
    const long16 size) {
  OPEN(T, up);
  OPEN(T, dlast);
  OPEN(T, x);
  OPEN(T, a);
  OPEN(T, b);
  OPEN(T, c);
  OPEN(T, first);
  OPEN_OUT(T, copies);
  OPEN_OUT(T, work);
  const long item = get_global_id(0);
  const long batch = get_global_id(1);
  if (item >= HEADS * PIECES) return;
  const long head = item / PIECES;
  const long piece = item % PIECES;
  const long column = piece * LANES;
  const long n = min((long) LANES, COLUMNS - column);
  const long group = head / (HEADS / OF_B);
  const long chunks = (STEPS + CHUNK - 1) / CHUNK;
  const long whole = ROWS * LANES;
  __global T* starts = work + (batch * HEADS * PIECES + item) * (chunks + CHUNK + 1) * whole;
  __global T* h = starts + chunks * whole;
  __global T* g = h + CHUNK * whole;
  const long state = (batch * HEADS + head) * ROWS * COLUMNS + column * COLUMN_STEP;
  for (long r = 0; r < ROWS; r++) {
    const long at = state + r * ROW_STEP;
    STORE(part_apart(dlast + at, COLUMN_STEP, n), g + r * LANES);
    STORE(FLAGS & STATE ? part_apart(first + at, COLUMN_STEP, n) : (V) (0), h + r * LANES);
  }
  for (long k = 0; k < chunks; k++) {
    for (long r = 0; r < ROWS; r++) STORE(LOAD(h + r * LANES), starts + k * whole + r * LANES);
    const long end = min((k + 1) * CHUNK, STEPS);
    for (long t = k * CHUNK; t < end; t++) {
      const long bt = batch * STEPS + t;
      const V in = part(x + (bt * HEADS + head) * COLUMNS + column, n);
      const T f = exp(a[bt * HEADS + head]);
      __global const T* bs = b + (bt * OF_B + group) * ROWS;
      for (long r = 0; r < ROWS; r++) STORE(fma(in, (V) (bs[r]), LOAD(h + r * LANES) * f), h + r * LANES);
    }
  }
  for (long k = chunks - 1; k >= 0; k--) {
    const long from = k * CHUNK;
    const long steps = min((long) CHUNK, STEPS - from);
    for (long r = 0; r < ROWS; r++) STORE(LOAD(starts + k * whole + r * LANES), h + r * LANES);
    for (long t = 0; t + 1 < steps; t++) {
      const long bt = batch * STEPS + from + t;
      const V in = part(x + (bt * HEADS + head) * COLUMNS + column, n);
      const T f = exp(a[bt * HEADS + head]);
      __global const T* past = h + t * whole;
      __global T* now = h + (t + 1) * whole;
      __global const T* bs = b + (bt * OF_B + group) * ROWS;
      for (long r = 0; r < ROWS; r++) STORE(fma(in, (V) (bs[r]), LOAD(past + r * LANES) * f), now + r * LANES);
    }
    for (long t = steps - 1; t >= 0; t--) {
      const long bt = batch * STEPS + from + t;
      const V dy = part(up + (bt * HEADS + head) * COLUMNS + column, n);
      const T f = exp(a[bt * HEADS + head]);
      __global const T* past = h + t * whole;
      __global const T* cs = c + (bt * OF_B + group) * ROWS;
      V sum = (V) (0);
      for (long r = 0; r < ROWS; r++) {
        const V v = fma(dy, (V) (cs[r]), LOAD(g + r * LANES)) * f;
        STORE(v, g + r * LANES);
        sum = fma(v, LOAD(past + r * LANES), sum);
      }
      copies[piece * get_global_size(1) * STEPS * HEADS + bt * HEADS + head] = total(sum, n);
    }
  }
}

// Sums of `copies` numbers that are `step` apart, in runs of `run` numbers of the result that lie together.
kernel void ssd_sum(OUT(T, x), OUT(T, y), const long elems, const long copies, const long step, const long run) {
  OPEN_OUT(T, x);
  OPEN_OUT(T, y);
  const long i = get_global_id(0);
  if (i >= elems) return;
  __global const T* p = x + i / run * run * (step == run ? copies : 1) + i % run;
  T sum = 0;
  for (long k = 0; k < copies; k++) sum += p[k * step];
  y[i] = sum;
}
