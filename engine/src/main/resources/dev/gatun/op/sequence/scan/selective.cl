// The selective scan. A work-item has LANES channels of one group and one row of the batch and goes through all steps.
// States lie in work memory, [rows][LANES] for each work-item. Rows are modes, or their real parts, then imaginary ones.
#define COMPLEX 1
#define SOFTPLUS 2
#define SKIP 4
#define GATE 8
#define BIAS 16
#define STATE 32
#define VARIABLE_B 64
#define VARIABLE_C 128
#define CHUNK 64

// Sizes: steps, channels, rows, groups, pieces of a group, states kept, flags, work-items of a row of the batch.
#define STEPS size.s0
#define CHANNELS size.s1
#define ROWS size.s2
#define GROUPS size.s3
#define PIECES size.s4
#define STARTS size.s5
#define FLAGS size.s6

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

inline V sigmoid(const V x) { return 1 / (1 + exp(-x)); }

// As the authors have it: above 20 the identity.
inline V step_size(const V raw, const long flags) {
  if (!(flags & SOFTPLUS)) return raw;
  T from[LANES];
  T to[LANES];
  STORE(raw, from);
  for (int i = 0; i < LANES; i++) {
    const T x = from[i];
    to[i] = x > 20 || isnan(x) ? x : fmax(x, 0) + log1p(exp(-fabs(x)));
  }
  return LOAD(to);
}

inline V slope(const V dt, const long flags) {
  if (!(flags & SOFTPLUS)) return (V) (1);
  T from[LANES];
  T to[LANES];
  STORE(dt, from);
  for (int i = 0; i < LANES; i++) to[i] = from[i] > 20 ? 1 : -expm1(-from[i]);
  return LOAD(to);
}

// Row m of an operand at row bt of batch and time.
inline V operand(
    __global const T* p, const bool variable, const long bt, const long m, const long group, const long channel,
    const long n, const long16 size) {
  return variable ? (V) (p[(bt * GROUPS + group) * ROWS + m]) : part(p + m * CHANNELS + channel, n);
}

kernel void selective(
    IN(T, u), IN(T, delta), IN(T, a), IN(T, b), IN(T, c), IN(T, skip), IN(T, z), IN(T, bias), IN(T, first), OUT(T, y),
    OUT(T, last), OUT(T, starts), OUT(T, work), const long16 size) {
  OPEN(T, u);
  OPEN(T, delta);
  OPEN(T, a);
  OPEN(T, b);
  OPEN(T, c);
  OPEN(T, skip);
  OPEN(T, z);
  OPEN(T, bias);
  OPEN(T, first);
  OPEN_OUT(T, y);
  OPEN_OUT(T, last);
  OPEN_OUT(T, starts);
  OPEN_OUT(T, work);
  const long item = get_global_id(0);
  const long batch = get_global_id(1);
  if (item >= GROUPS * PIECES) return;
  const long group = item / PIECES;
  const long piece = item % PIECES;
  const long wide = CHANNELS / GROUPS;
  const long channel = group * wide + piece * LANES;
  const long n = min((long) LANES, wide - piece * LANES);
  const bool complex = FLAGS & COMPLEX;
  const long modes = complex ? ROWS / 2 : ROWS;
  __global T* h = work + (batch * GROUPS * PIECES + item) * ROWS * LANES;
  for (long m = 0; m < ROWS; m++) {
    STORE(FLAGS & STATE ? part(first + (batch * ROWS + m) * CHANNELS + channel, n) : (V) (0), h + m * LANES);
  }
  const V shift = FLAGS & BIAS ? part(bias + channel, n) : (V) (0);
  for (long t = 0; t < STEPS; t++) {
    const long bt = batch * STEPS + t;
    const long at = bt * CHANNELS + channel;
    if (t > 0 && t % CHUNK == 0) {
      __global T* to = starts + (batch * STARTS + t / CHUNK - 1) * ROWS * CHANNELS + channel;
      for (long m = 0; m < ROWS; m++) put(LOAD(h + m * LANES), to + m * CHANNELS, n);
    }
    const V dt = step_size(part(delta + at, n) + shift, FLAGS);
    const V in = part(u + at, n);
    const V x = dt * in;
    V sum = (V) (0);
    for (long m = 0; m < modes; m++) {
      const V e = exp(dt * part(a + m * CHANNELS + channel, n));
      const V xb = x * operand(b, FLAGS & VARIABLE_B, bt, m, group, channel, n, size);
      const V cr = operand(c, FLAGS & VARIABLE_C, bt, m, group, channel, n, size);
      V re = LOAD(h + m * LANES);
      if (complex) {
        const long o = m + modes;
        const V angle = dt * part(a + o * CHANNELS + channel, n);
        const V er = e * cos(angle);
        const V ei = e * sin(angle);
        V im = LOAD(h + o * LANES);
        const V next = er * re - ei * im + xb;
        im = er * im + ei * re + x * operand(b, FLAGS & VARIABLE_B, bt, o, group, channel, n, size);
        re = next;
        STORE(im, h + o * LANES);
        sum += 2 * (cr * re - operand(c, FLAGS & VARIABLE_C, bt, o, group, channel, n, size) * im);
      } else {
        re = e * re + xb;
        sum += cr * re;
      }
      STORE(re, h + m * LANES);
    }
    if (FLAGS & SKIP) sum += in * part(skip + channel, n);
    if (FLAGS & GATE) {
      const V gate = part(z + at, n);
      sum *= gate * sigmoid(gate);
    }
    put(sum, y + at, n);
  }
  for (long m = 0; m < ROWS; m++) put(LOAD(h + m * LANES), last + (batch * ROWS + m) * CHANNELS + channel, n);
}

// Work memory: for each work-item, CHUNK + 1 states, a gradient of a state and sums for a, and for b and c where these
// are constant; from `places` on, copies of the gradients of a, b, c, skip and bias.
#define OF_A places.s0
#define OF_B places.s1
#define OF_C places.s2
#define OF_SKIP places.s3
#define OF_BIAS places.s4

inline void add_to(__global T* p, const V v) { STORE(LOAD(p) + v, p); }

kernel void selective_back(
    IN(T, up), IN(T, dlast), IN(T, u), IN(T, delta), IN(T, a), IN(T, b), IN(T, c), IN(T, skip), IN(T, z), IN(T, bias),
    IN(T, first), IN(T, starts), OUT(T, du), OUT(T, ddelta), OUT(T, dz), OUT(T, dfirst), OUT(T, work),
    const long16 size, const long16 places) {
  OPEN(T, up);
  OPEN(T, dlast);
  OPEN(T, u);
  OPEN(T, delta);
  OPEN(T, a);
  OPEN(T, b);
  OPEN(T, c);
  OPEN(T, skip);
  OPEN(T, z);
  OPEN(T, bias);
  OPEN(T, first);
  OPEN(T, starts);
  OPEN_OUT(T, du);
  OPEN_OUT(T, ddelta);
  OPEN_OUT(T, dz);
  OPEN_OUT(T, dfirst);
  OPEN_OUT(T, work);
  const long item = get_global_id(0);
  const long batch = get_global_id(1);
  if (item >= GROUPS * PIECES) return;
  const long group = item / PIECES;
  const long piece = item % PIECES;
  const long wide = CHANNELS / GROUPS;
  const long channel = group * wide + piece * LANES;
  const long n = min((long) LANES, wide - piece * LANES);
  const bool complex = FLAGS & COMPLEX;
  const bool of_b = FLAGS & VARIABLE_B;
  const bool of_c = FLAGS & VARIABLE_C;
  const long modes = complex ? ROWS / 2 : ROWS;
  const long state = ROWS * LANES;
  __global T* h = work + (batch * GROUPS * PIECES + item) * (CHUNK + 5) * state;
  __global T* g = h + (CHUNK + 1) * state;
  __global T* da = g + state;
  __global T* db = da + state;
  __global T* dc = db + state;
  for (long m = 0; m < ROWS; m++) {
    STORE(part(dlast + (batch * ROWS + m) * CHANNELS + channel, n), g + m * LANES);
    STORE((V) (0), da + m * LANES);
    STORE((V) (0), db + m * LANES);
    STORE((V) (0), dc + m * LANES);
  }
  const V shift = FLAGS & BIAS ? part(bias + channel, n) : (V) (0);
  V dskip = (V) (0);
  V dbias = (V) (0);
  for (long k = (STEPS + CHUNK - 1) / CHUNK - 1; k >= 0; k--) {
    const long from = k * CHUNK;
    const long rows = min((long) CHUNK, STEPS - from);
    for (long m = 0; m < ROWS; m++) {
      const long at = m * CHANNELS + channel;
      V start = (V) (0);
      if (k > 0) start = part(starts + (batch * STARTS + k - 1) * ROWS * CHANNELS + at, n);
      else if (FLAGS & STATE) start = part(first + batch * ROWS * CHANNELS + at, n);
      STORE(start, h + m * LANES);
    }
    for (long t = 0; t < rows; t++) {
      const long bt = batch * STEPS + from + t;
      const long at = bt * CHANNELS + channel;
      const V dt = step_size(part(delta + at, n) + shift, FLAGS);
      const V x = dt * part(u + at, n);
      __global T* now = h + t * state;
      for (long m = 0; m < modes; m++) {
        const V e = exp(dt * part(a + m * CHANNELS + channel, n));
        const V xb = x * operand(b, of_b, bt, m, group, channel, n, size);
        const V re = LOAD(now + m * LANES);
        if (complex) {
          const long o = m + modes;
          const V angle = dt * part(a + o * CHANNELS + channel, n);
          const V er = e * cos(angle);
          const V ei = e * sin(angle);
          const V im = LOAD(now + o * LANES);
          STORE(er * re - ei * im + xb, now + state + m * LANES);
          STORE(er * im + ei * re + x * operand(b, of_b, bt, o, group, channel, n, size), now + state + o * LANES);
        } else {
          STORE(e * re + xb, now + state + m * LANES);
        }
      }
    }
    for (long t = rows - 1; t >= 0; t--) {
      const long bt = batch * STEPS + from + t;
      const long at = bt * CHANNELS + channel;
      const V dt = step_size(part(delta + at, n) + shift, FLAGS);
      const V in = part(u + at, n);
      const V x = dt * in;
      __global const T* past = h + t * state;
      __global const T* now = past + state;
      V dy = part(up + at, n);
      if (FLAGS & GATE) {
        V sum = (V) (0);
        for (long m = 0; m < ROWS; m++) {
          const V term = operand(c, of_c, bt, m, group, channel, n, size) * LOAD(now + m * LANES);
          sum += complex ? (m < modes ? 2 * term : -2 * term) : term;
        }
        if (FLAGS & SKIP) sum += in * part(skip + channel, n);
        const V gate = part(z + at, n);
        const V s = sigmoid(gate);
        put(dy * sum * s * (1 + gate * (1 - s)), dz + at, n);
        dy *= gate * s;
      }
      V dx = (V) (0);
      V rate = (V) (0);
      for (long m = 0; m < ROWS; m++) {
        const V d = complex ? (m < modes ? 2 * dy : -2 * dy) : dy;
        const V grad = LOAD(g + m * LANES) + d * operand(c, of_c, bt, m, group, channel, n, size);
        STORE(grad, g + m * LANES);
        const V toC = d * LOAD(now + m * LANES);
        const V toB = grad * x;
        dx += grad * operand(b, of_b, bt, m, group, channel, n, size);
        const long copy = ((piece * get_global_size(1) + batch) * STEPS + from + t) * GROUPS + group;
        if (of_b) work[OF_B + copy * ROWS + m] = total(toB, n);
        else add_to(db + m * LANES, toB);
        if (of_c) work[OF_C + copy * ROWS + m] = total(toC, n);
        else add_to(dc + m * LANES, toC);
      }
      for (long m = 0; m < modes; m++) {
        const V ar = part(a + m * CHANNELS + channel, n);
        const V e = exp(dt * ar);
        const V gr = LOAD(g + m * LANES);
        const V hr = LOAD(past + m * LANES);
        if (complex) {
          const long o = m + modes;
          const V ai = part(a + o * CHANNELS + channel, n);
          const V er = e * cos(dt * ai);
          const V ei = e * sin(dt * ai);
          const V gi = LOAD(g + o * LANES);
          const V hi = LOAD(past + o * LANES);
          const V pr = er * gr + ei * gi;
          const V pi = er * gi - ei * gr;
          const V wr = pr * hr + pi * hi;
          const V wi = pi * hr - pr * hi;
          STORE(pr, g + m * LANES);
          STORE(pi, g + o * LANES);
          rate += wr * ar + wi * ai;
          add_to(da + m * LANES, wr * dt);
          add_to(da + o * LANES, wi * dt);
        } else {
          const V p = e * gr;
          STORE(p, g + m * LANES);
          rate += p * hr * ar;
          add_to(da + m * LANES, p * hr * dt);
        }
      }
      const V draw = (rate + dx * in) * slope(dt, FLAGS);
      put(draw, ddelta + at, n);
      dbias += draw;
      dx *= dt;
      if (FLAGS & SKIP) {
        dx += dy * part(skip + channel, n);
        dskip += dy * in;
      }
      put(dx, du + at, n);
    }
  }
  for (long m = 0; m < ROWS; m++) {
    const long at = (batch * ROWS + m) * CHANNELS + channel;
    put(LOAD(da + m * LANES), work + OF_A + at, n);
    if (!of_b) put(LOAD(db + m * LANES), work + OF_B + at, n);
    if (!of_c) put(LOAD(dc + m * LANES), work + OF_C + at, n);
    if (FLAGS & STATE) put(LOAD(g + m * LANES), dfirst + at, n);
  }
  if (FLAGS & SKIP) put(dskip, work + OF_SKIP + batch * CHANNELS + channel, n);
  if (FLAGS & BIAS) put(dbias, work + OF_BIAS + batch * CHANNELS + channel, n);
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
