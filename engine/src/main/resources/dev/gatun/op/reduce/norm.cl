// Norms of runs of n elements. The weights of element i of x are those of `i % width / repeat`. GROUP work-items share a
// run where that is more than 1; otherwise a work-item goes through `per` runs.
// Vectors that one accumulator takes before it is added to the total.
#define PIECE 16

#if GROUP > 1
#define LOCAL , __local T* part
#define LID get_local_id(0)
inline T total(T v, __local T* part) {
  part[LID] = v;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = GROUP / 2; step > 0; step /= 2) {
    if (LID < step) part[LID] += part[LID + step];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  v = part[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return v;
}
#define TOTAL(v) total(v, part)
#else
#define LOCAL
#define LID 0
#define TOTAL(v) (v)
#endif
#define RUNS \
  const long begin = get_global_id(1) * per; \
  for (long run = begin; run < min(runs, begin + per); run++)

inline T lanes_sum(const V v) {
#if LANES > 1
  T some[LANES];
  STORE(v, some);
  T s = 0;
  for (int j = 0; j < LANES; j++) s += some[j];
  return s;
#else
  return v;
#endif
}

// BODY for every vector of a run, element `i` on: the last one is cut, its lanes beyond the end being 0. READ and KEEP
// see `count`.
#define EACH(BODY) \
  for (long i = LID * LANES; i < n; i += GROUP * LANES) { \
    const int count = (int) min((long) LANES, n - i); \
    BODY \
  }
#define READ(x) read(x, i, count)
#define KEEP(v, y) keep(v, y, i, count)
// Sums SUMMED, an expression of the vector at `i`, into s: four sums at a time, since an addition waits for the last one.
#define SUM_AT(sum, at, SUMMED) \
  { \
    const long i = at; \
    const int count = LANES; \
    sum += SUMMED; \
  }
#define SUM(s, SUMMED) \
  { \
    const long step = GROUP * LANES; \
    V all = 0; \
    V sum0 = 0; \
    V sum1 = 0; \
    V sum2 = 0; \
    V sum3 = 0; \
    int left = PIECE; \
    long at = LID * LANES; \
    for (; at + 3 * step + LANES <= n; at += 4 * step) { \
      SUM_AT(sum0, at, SUMMED) \
      SUM_AT(sum1, at + step, SUMMED) \
      SUM_AT(sum2, at + 2 * step, SUMMED) \
      SUM_AT(sum3, at + 3 * step, SUMMED) \
      if (--left == 0) { \
        all += (sum0 + sum1) + (sum2 + sum3); \
        sum0 = sum1 = sum2 = sum3 = 0; \
        left = PIECE; \
      } \
    } \
    for (long i = at; i < n; i += step) { \
      const int count = (int) min((long) LANES, n - i); \
      sum0 += SUMMED; \
    } \
    s = TOTAL(lanes_sum(all + ((sum0 + sum1) + (sum2 + sum3)))); \
  }

inline V read(__global const T* x, const long i, const int count) {
#if LANES > 1
  if (count < LANES) {
    T some[LANES] = {0};
    for (int j = 0; j < count; j++) some[j] = x[i + j];
    return LOAD(some);
  }
#endif
  return LOAD(x + i);
}

inline void keep(const V v, __global T* y, const long i, const int count) {
#if LANES > 1
  if (count < LANES) {
    T some[LANES];
    STORE(v, some);
    for (int j = 0; j < count; j++) y[i + j] = some[j];
    return;
  }
#endif
  STORE(v, y + i);
}

// 1 in lanes that hold elements.
inline V there(const int count) {
#if LANES > 1
  if (count < LANES) {
    T some[LANES] = {0};
    for (int j = 0; j < count; j++) some[j] = 1;
    return LOAD(some);
  }
#endif
  return (V) (1);
}

// The weights of the vector at `i`, whose run starts at `first` of the period.
inline V weights(__global const T* w, const long first, const long i, const int count, const long repeat) {
  if (repeat == 1) return read(w, first + i, count);
#if LANES > 1
  T some[LANES] = {0};
  for (int j = 0; j < count; j++) some[j] = w[(first + i + j) / repeat];
  return LOAD(some);
#else
  return w[(first + i) / repeat];
#endif
}

inline V silu(const V z) { return z / (1 + exp(-z)); }

#ifdef WEIGHT
#define WEIGHT_IN IN(T, weight),
#define WEIGHT_OPEN OPEN(T, weight)
#define WEIGHTS weights(weight, column, i, count, repeat)
#else
#define WEIGHT_IN
#define WEIGHT_OPEN
#define WEIGHTS 1
#endif
#ifdef BIAS
#define BIAS_IN IN(T, bias),
#define BIAS_OPEN OPEN(T, bias)
#define BIASES weights(bias, column, i, count, repeat)
#else
#define BIAS_IN
#define BIAS_OPEN
#define BIASES 0
#endif
#ifdef GATE
#define GATE_IN IN(T, gate_),
#define GATE_OPEN OPEN(T, gate_)
#else
#define GATE_IN
#define GATE_OPEN
#endif
// The gate, by its silu, before the norm or behind it.
#if defined(GATE) && defined(GATE_FIRST)
#define GATED(v) ((v) * silu(READ(gate)))
#else
#define GATED(v) (v)
#endif

#ifdef FORWARD
// RESIDUAL: x plus it is what is normed, and is a result too.
kernel void norm(
    IN(T, x_),
#ifdef RESIDUAL
    IN(T, residual_),
#endif
    GATE_IN WEIGHT_IN BIAS_IN OUT(T, y_),
#ifdef RESIDUAL
    OUT(T, sum_),
#endif
    OUT(T, stats), const long runs, const long per, const long n, const long width, const long repeat,
    const T eps LOCAL) {
  OPEN(T, x_);
  GATE_OPEN;
  WEIGHT_OPEN;
  BIAS_OPEN;
  OPEN_OUT(T, y_);
  OPEN_OUT(T, stats);
#ifdef RESIDUAL
  OPEN(T, residual_);
  OPEN_OUT(T, sum_);
#endif
  RUNS {
    const long column = run * n % width;
    __global T* y = y_ + run * n;
#ifdef GATE
    __global const T* gate = gate_ + run * n;
#endif
    __global const T* x = x_ + run * n;
#ifdef RESIDUAL
    __global T* u = sum_ + run * n;
    __global const T* residual = residual_ + run * n;
    EACH(KEEP(READ(x) + READ(residual), u);)
#elif defined(GATE_FIRST)
    __global T* u = y;
    EACH(KEEP(GATED(READ(x)), u);)
#else
    __global const T* u = x;
#endif
    T mean = 0;
#if CENTRED
    SUM(mean, READ(u))
    mean /= n;
#endif
    T square;
    SUM(square, (READ(u) - mean) * (READ(u) - mean) * there(count))
    const T rstd = 1 / sqrt(square / n + eps);
    if (LID == 0) {
      stats[2 * run] = mean;
      stats[2 * run + 1] = rstd;
    }
    EACH({
      V v = (READ(u) - mean) * rstd * WEIGHTS + BIASES;
#if defined(GATE) && !defined(GATE_FIRST)
      v *= silu(READ(gate));
#endif
      KEEP(v, y);
    })
  }
}
#else
inline V slope(const V z) {
  const V s = 1 / (1 + exp(-z));
  return s * (1 + z * (1 - s));
}

#if defined(GATE) && !defined(GATE_FIRST)
#define DY (READ(dy) * silu(READ(gate)))
#else
#define DY READ(dy)
#endif
#define NORMED ((GATED(READ(x)) - mean) * rstd)

kernel void norm_back(
    IN(T, dy_), IN(T, stats), IN(T, x_), GATE_IN WEIGHT_IN BIAS_IN OUT(T, dx_),
#ifdef GATE
    OUT(T, dgate_),
#endif
    const long runs, const long per, const long n, const long width, const long repeat LOCAL) {
  OPEN(T, dy_);
  OPEN(T, stats);
  OPEN(T, x_);
  GATE_OPEN;
  WEIGHT_OPEN;
  BIAS_OPEN;
  OPEN_OUT(T, dx_);
#ifdef GATE
  OPEN_OUT(T, dgate_);
#endif
  RUNS {
    const long column = run * n % width;
    __global const T* dy = dy_ + run * n;
    __global const T* x = x_ + run * n;
    __global T* dx = dx_ + run * n;
#ifdef GATE
    __global const T* gate = gate_ + run * n;
    __global T* dgate = dgate_ + run * n;
#endif
    const T mean = stats[2 * run];
    const T rstd = stats[2 * run + 1];
    T sum = 0;
    T dot;
#if CENTRED
    SUM(sum, DY * WEIGHTS)
    sum /= n;
#endif
    SUM(dot, DY * WEIGHTS * NORMED)
    dot /= n;
    EACH({
      const V h = NORMED;
      const V du = rstd * (DY * WEIGHTS - sum - h * dot);
#ifdef GATE
      const V z = READ(gate);
#ifdef GATE_FIRST
      KEEP(du * READ(x) * slope(z), dgate);
      KEEP(du * silu(z), dx);
#else
      KEEP(READ(dy) * (h * WEIGHTS + BIASES) * slope(z), dgate);
      KEEP(du, dx);
#endif
#else
      KEEP(du, dx);
#endif
    })
  }
}

// Sums over pieces of `length` periods of dy h and dy, for each weight: its `repeat` elements of a period lie together.
kernel void weights_back(
    IN(T, dy_), IN(T, stats), IN(T, x_), GATE_IN __global char* parts_, const long partsAt, const long periods,
    const long length, const long n, const long width, const long repeat) {
  OPEN(T, dy_);
  OPEN(T, stats);
  OPEN(T, x_);
  GATE_OPEN;
  const long count_all = width / repeat;
  const long piece = get_global_id(1);
  __global T* parts = (__global T*) (parts_ + partsAt) + piece * 2 * count_all;
  const long first = get_global_id(0) * WEIGHTS_EACH;
  const long end = min(first + WEIGHTS_EACH, count_all);
  if (first >= end) return;
  T dw[WEIGHTS_EACH];
  T db[WEIGHTS_EACH];
  for (int j = 0; j < WEIGHTS_EACH; j++) dw[j] = db[j] = 0;
  for (long p = piece * length; p < min(periods, (piece + 1) * length); p++) {
    for (long c = first; c < end; c++) {
      for (long k = 0; k < repeat; k++) {
        const long e = c * repeat + k;
        const long at = p * width + e;
        const long run = at / n;
        T v = x_[at];
        T g = dy_[at];
#ifdef GATE
        const T s = gate_[at] / (1 + exp(-gate_[at]));
#ifdef GATE_FIRST
        v *= s;
#else
        g *= s;
#endif
#endif
        dw[c - first] += g * ((v - stats[2 * run]) * stats[2 * run + 1]);
        db[c - first] += g;
      }
    }
  }
  for (long c = first; c < end; c++) {
    parts[c] = dw[c - first];
    parts[count_all + c] = db[c - first];
  }
}

// The pieces added up in order.
kernel void weights_sum(
    __global const char* parts_, const long partsAt, OUT(T, d), const long pieces, const long count,
    const long which) {
  __global const T* parts = (__global const T*) (parts_ + partsAt) + which * count;
  OPEN_OUT(T, d);
  const long c = get_global_id(0);
  if (c >= count) return;
  T s = 0;
  for (long p = 0; p < pieces; p++) s += parts[p * 2 * count + c];
  d[c] = s;
}
#endif
