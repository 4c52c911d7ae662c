// Fast weights. A work-item has LANES values of one head and row of the batch and goes through all steps; its state lies in
// work memory, [keys][LANES].
#define CHUNK 64

// Sizes: steps, key heads, heads, keys, values, pieces of values, states kept, decay, update, flags.
#define STEPS size.s0
#define GROUPS size.s1
#define HEADS size.s2
#define KEYS size.s3
#define VALUES size.s4
#define PIECES size.s5
#define STARTS size.s6
#define DECAY size.s7
#define UPDATE size.s8
#define FLAGS size.s9

#define BY_HEAD 1
#define BY_KEY 2
#define DELTA 1
#define DPLR 2
#define BONUS 1
#define STATE 2
#define OWN_BETA 4

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

inline T total(const V v, const long n) {
  T some[LANES];
  STORE(v, some);
  T sum = 0;
  for (int i = 0; i < n; i++) sum += some[i];
  return sum;
}

// The decay of key element r in row `row` of batch, time and head.
inline T decay(__global const T* g, const long row, const long r, const long16 size) {
  return DECAY == BY_KEY ? exp(g[row * KEYS + r]) : DECAY == BY_HEAD ? exp(g[row]) : 1;
}

inline V learned(__global const T* beta, const long row, const long value, const long n, const long16 size) {
  return FLAGS & OWN_BETA ? part(beta + row * VALUES + value, n) : (V) (beta[row]);
}

// What the state reads: the faded one by k, or the one before by a.
inline V reads(
    __global const T* s, __global const T* k, __global const T* a, __global const T* g, const long row, const long16 size) {
  V p = (V) (0);
  for (long r = 0; r < KEYS; r++) {
    const V s0 = LOAD(s + r * LANES);
    p += UPDATE == DELTA ? k[r] * (decay(g, row, r, size) * s0) : a[row * KEYS + r] * s0;
  }
  return p;
}

// From the state `s` to `next`; gives scale * q of either.
inline V advance(
    __global const T* s, __global T* next, __global const T* q, __global const T* k, __global const T* b,
    __global const T* g, const V x, const V p, const long row, const T scale, const long16 size) {
  V sum = (V) (0);
  for (long r = 0; r < KEYS; r++) {
    const V s0 = LOAD(s + r * LANES);
    V s1 = decay(g, row, r, size) * s0 + k[r] * x;
    if (UPDATE == DPLR) s1 += b[row * KEYS + r] * p;
    STORE(s1, next + r * LANES);
    sum += scale * q[r] * (FLAGS & BONUS ? s0 : s1);
  }
  return sum;
}

inline T through(
    __global const T* q, __global const T* k, __global const T* u, const T scale, const long16 size) {
  T sum = 0;
  for (long r = 0; r < KEYS; r++) sum += scale * q[r] * u[r] * k[r];
  return sum;
}

kernel void fast_weights(
    IN(T, q), IN(T, k), IN(T, v), IN(T, g), IN(T, a), IN(T, beta), IN(T, u), IN(T, first), OUT(T, y), OUT(T, last),
    OUT(T, starts), OUT(T, work), const T scale, const long16 size) {
  OPEN(T, q);
  OPEN(T, k);
  OPEN(T, v);
  OPEN(T, g);
  OPEN(T, a);
  OPEN(T, beta);
  OPEN(T, u);
  OPEN(T, first);
  OPEN_OUT(T, y);
  OPEN_OUT(T, last);
  OPEN_OUT(T, starts);
  OPEN_OUT(T, work);
  const long item = get_global_id(0);
  const long batch = get_global_id(1);
  if (item >= HEADS * PIECES) return;
  const long head = item / PIECES;
  const long value = item % PIECES * LANES;
  const long n = min((long) LANES, VALUES - value);
  const long of_state = (batch * HEADS + head) * KEYS * VALUES + value;
  __global T* s = work + (batch * HEADS * PIECES + item) * KEYS * LANES;
  for (long r = 0; r < KEYS; r++) {
    STORE(FLAGS & STATE ? part(first + of_state + r * VALUES, n) : (V) (0), s + r * LANES);
  }
  for (long t = 0; t < STEPS; t++) {
    if (t > 0 && t % CHUNK == 0) {
      __global T* to = starts + ((batch * STARTS + t / CHUNK - 1) * HEADS + head) * KEYS * VALUES + value;
      for (long r = 0; r < KEYS; r++) put(LOAD(s + r * LANES), to + r * VALUES, n);
    }
    const long row = (batch * STEPS + t) * HEADS + head;
    const long key = ((batch * STEPS + t) * GROUPS + head / (HEADS / GROUPS)) * KEYS;
    V x = part(v + row * VALUES + value, n);
    V p = (V) (0);
    if (UPDATE) p = reads(s, k + key, a, g, row, size);
    const V in = x;
    if (UPDATE == DELTA) x = learned(beta, row, value, n, size) * (x - p);
    V sum = advance(s, s, q + key, k + key, beta, g, x, p, row, scale, size);
    if (FLAGS & BONUS) sum += through(q + key, k + key, u + head * KEYS, scale, size) * in;
    put(sum, y + row * VALUES + value, n);
  }
  for (long r = 0; r < KEYS; r++) put(LOAD(s + r * LANES), last + of_state + r * VALUES, n);
}

// Work memory: for each work-item CHUNK + 1 states, the gradient of one, and that of u; from `places` on, copies of the
// gradients of q, k, g, a, beta and u.
#define OF_Q places.s0
#define OF_K places.s1
#define OF_G places.s2
#define OF_A places.s3
#define OF_BETA places.s4
#define OF_U places.s5

kernel void fast_weights_back(
    IN(T, up), IN(T, dlast), IN(T, q), IN(T, k), IN(T, v), IN(T, g), IN(T, a), IN(T, beta), IN(T, u), IN(T, first),
    IN(T, starts), OUT(T, dv), OUT(T, dbeta), OUT(T, dfirst), OUT(T, work), const T scale, const long16 size,
    const long16 places) {
  OPEN(T, up);
  OPEN(T, dlast);
  OPEN(T, q);
  OPEN(T, k);
  OPEN(T, v);
  OPEN(T, g);
  OPEN(T, a);
  OPEN(T, beta);
  OPEN(T, u);
  OPEN(T, first);
  OPEN(T, starts);
  OPEN_OUT(T, dv);
  OPEN_OUT(T, dbeta);
  OPEN_OUT(T, dfirst);
  OPEN_OUT(T, work);
  const long item = get_global_id(0);
  const long batch = get_global_id(1);
  if (item >= HEADS * PIECES) return;
  const long batches = get_global_size(1);
  const long head = item / PIECES;
  const long each = HEADS / GROUPS;
  const long piece = item % PIECES;
  const long value = piece * LANES;
  const long n = min((long) LANES, VALUES - value);
  const long of_state = (batch * HEADS + head) * KEYS * VALUES + value;
  const long state = KEYS * LANES;
  __global T* s = work + (batch * HEADS * PIECES + item) * ((CHUNK + 2) * state + KEYS);
  __global T* d = s + (CHUNK + 1) * state;
  __global T* du = d + state;
  for (long r = 0; r < KEYS; r++) {
    STORE(part(dlast + of_state + r * VALUES, n), d + r * LANES);
    du[r] = 0;
  }
  for (long c = (STEPS + CHUNK - 1) / CHUNK - 1; c >= 0; c--) {
    const long from = c * CHUNK;
    const long rows = min((long) CHUNK, STEPS - from);
    for (long r = 0; r < KEYS; r++) {
      V start = (V) (0);
      if (c > 0) start = part(starts + ((batch * STARTS + c - 1) * HEADS + head) * KEYS * VALUES + value + r * VALUES, n);
      else if (FLAGS & STATE) start = part(first + of_state + r * VALUES, n);
      STORE(start, s + r * LANES);
    }
    for (long t = 0; t < rows; t++) {
      const long row = (batch * STEPS + from + t) * HEADS + head;
      const long key = ((batch * STEPS + from + t) * GROUPS + head / each) * KEYS;
      V x = part(v + row * VALUES + value, n);
      V p = (V) (0);
      if (UPDATE) p = reads(s + t * state, k + key, a, g, row, size);
      if (UPDATE == DELTA) x = learned(beta, row, value, n, size) * (x - p);
      advance(s + t * state, s + (t + 1) * state, q + key, k + key, beta, g, x, p, row, scale, size);
    }
    for (long t = rows - 1; t >= 0; t--) {
      const long time = batch * STEPS + from + t;
      const long row = time * HEADS + head;
      const long key = (time * GROUPS + head / each) * KEYS;
      __global const T* past = s + t * state;
      __global const T* next = past + state;
      const V dy = part(up + row * VALUES + value, n);
      const V in = part(v + row * VALUES + value, n);
      V p = (V) (0);
      V rate = (V) (1);
      V x = in;
      if (UPDATE) p = reads(past, k + key, a, g, row, size);
      if (UPDATE == DELTA) {
        rate = learned(beta, row, value, n, size);
        x = rate * (in - p);
      }
      V dx = (V) (0);
      V dp = (V) (0);
      for (long r = 0; r < KEYS; r++) {
        V grad = LOAD(d + r * LANES);
        if (!(FLAGS & BONUS)) grad += scale * q[key + r] * dy;
        STORE(grad, d + r * LANES);
        dx += k[key + r] * grad;
        if (UPDATE == DPLR) dp += beta[row * KEYS + r] * grad;
      }
      const T pass = FLAGS & BONUS ? total(dy * in, n) : 0;
      V toV = UPDATE == DELTA ? rate * dx : dx;
      const V away = rate * dx;
      if (FLAGS & BONUS) toV += through(q + key, k + key, u + head * KEYS, scale, size) * dy;
      put(toV, dv + row * VALUES + value, n);
      if (UPDATE == DELTA) {
        const V toBeta = dx * (in - p);
        if (FLAGS & OWN_BETA) put(toBeta, dbeta + row * VALUES + value, n);
        else work[OF_BETA + piece * batches * STEPS * HEADS + row] = total(toBeta, n);
      }
      const long copy = (head % each * PIECES + piece) * batches * STEPS * GROUPS * KEYS + key;
      const long wide = (piece * batches * STEPS * HEADS + row) * KEYS;
      T all = 0;
      for (long r = 0; r < KEYS; r++) {
        const V s0 = LOAD(past + r * LANES);
        V grad = LOAD(d + r * LANES);
        const T e = decay(g, row, r, size);
        T toQ = total(dy * (FLAGS & BONUS ? s0 : LOAD(next + r * LANES)), n);
        T toK = total(grad * x, n);
        if (FLAGS & BONUS) {
          toQ += pass * u[head * KEYS + r] * k[key + r];
          toK += pass * scale * q[key + r] * u[head * KEYS + r];
          du[r] += pass * scale * q[key + r] * k[key + r];
        }
        if (UPDATE == DELTA) {
          toK -= total(e * s0 * away, n);
          grad -= k[key + r] * away;
        } else if (UPDATE == DPLR) {
          work[OF_BETA + wide + r] = total(grad * p, n);
          work[OF_A + wide + r] = total(s0 * dp, n);
        }
        work[OF_Q + copy + r] = scale * toQ;
        work[OF_K + copy + r] = toK;
        if (DECAY) {
          grad *= e;
          const T toG = total(grad * s0, n);
          all += toG;
          if (DECAY == BY_KEY) work[OF_G + wide + r] = toG;
        }
        if (UPDATE == DPLR) grad += a[row * KEYS + r] * dp;
        if (FLAGS & BONUS) grad += scale * q[key + r] * dy;
        STORE(grad, d + r * LANES);
      }
      if (DECAY == BY_HEAD) work[OF_G + piece * batches * STEPS * HEADS + row] = all;
    }
  }
  for (long r = 0; r < KEYS; r++) {
    if (FLAGS & STATE) put(LOAD(d + r * LANES), dfirst + of_state + r * VALUES, n);
    if (FLAGS & BONUS) work[OF_U + ((batch * PIECES + piece) * HEADS + head) * KEYS + r] = du[r];
  }
}

// The sum of copies, in order.
kernel void add_copies(OUT(T, work), OUT(T, y), const long from, const long elems, const long copies) {
  OPEN_OUT(T, work);
  OPEN_OUT(T, y);
  const long i = get_global_id(0);
  if (i >= elems) return;
  T sum = 0;
  for (long k = 0; k < copies; k++) sum += work[from + k * elems + i];
  y[i] = sum;
}
