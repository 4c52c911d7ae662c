// Losses of an element x and a target t with a parameter p: LOSS, or its gradient. Weights, and parameters of their
// own, repeat along the last axes.
#define ZERO ((V) (0))
#define ONE ((V) (1))
inline V signum(const V x) { return x < ZERO ? -ONE : x > ZERO ? ONE : x; }
inline V positive_part(const V x) { return isnan(x) | (x > ZERO) ? x : ZERO; }
inline V bounded(const V x, const V p) { return x < -p ? -p : x > p ? p : x; }

inline V loss_of(const V x, const V t, const V p) { LOSS }

// `count` elements from i on of an operand that has n and repeats; zeros behind them.
inline V some(__global const T* x, const long i, const int count, const long n) {
#if LANES > 1
  const long at = i % n;
  if (count == LANES && at + LANES <= n) return LOAD(x + at);
  T all[LANES] = {0};
  for (int j = 0; j < count; j++) all[j] = x[(i + j) % n];
  return LOAD(all);
#else
  return x[i % n];
#endif
}

#ifdef WEIGHT
#define WEIGHT_IN IN(T, weight), const long weight_n,
#define W(i, count) some(weight_buffer + weight_first, i, count, weight_n)
#else
#define WEIGHT_IN
#define W(i, count) ONE
#endif
#ifdef PARAMETER
#define PARAMETER_IN IN(T, parameter), const long parameter_n,
#define P(i, count) some(parameter_buffer + parameter_first, i, count, parameter_n)
#else
#define PARAMETER_IN const T parameter,
#define P(i, count) (V) (parameter)
#endif
#define OF(i, count) W(i, count) * loss_of(some(x, i, count, n), some(t, i, count, n), P(i, count))

// Each loss; with dy, each gradient.
kernel void each(
#ifdef BACK
    IN(T, dy_), const T scale, const long step,
#endif
    IN(T, x_), IN(T, t_), WEIGHT_IN PARAMETER_IN OUT(T, y_), const long n) {
  OPEN(T, x_);
  OPEN(T, t_);
  OPEN_OUT(T, y_);
  __global const T* x = x_;
  __global const T* t = t_;
  long i = get_global_id(0) * (long) CHUNK;
  for (const long end = min(i + CHUNK, n); i < end; i += LANES) {
    const int count = (int) min((long) LANES, end - i);
#ifdef BACK
    __global const T* dy = dy__buffer + dy__first;
    const V v = OF(i, count) * scale * (step ? some(dy, i, count, n) : (V) (dy[0]));
#else
    const V v = OF(i, count);
#endif
    if (count == LANES) {
      STORE(v, y_ + i);
      continue;
    }
    T all[LANES];
    STORE(v, all);
    for (int j = 0; j < count; j++) y_[i + j] = all[j];
  }
}

// The sum of a piece.
kernel void pieces(
    IN(T, x_), IN(T, t_), WEIGHT_IN PARAMETER_IN __global char* sums, const long sumsAt, const long n,
    const long length) {
  OPEN(T, x_);
  OPEN(T, t_);
  __global const T* x = x_;
  __global const T* t = t_;
  const long begin = get_global_id(0) * length;
  if (begin >= n) return;
  const long end = min(begin + length, n);
  V s = ZERO;
  T all[LANES];
  T rest = 0;
  for (long i = begin; i < end; i += LANES) {
    const int count = (int) min((long) LANES, end - i);
    const V v = OF(i, count);
    if (count == LANES) {
      s += v;
      continue;
    }
    STORE(v, all);
    for (int j = 0; j < count; j++) rest += all[j];
  }
  STORE(s, all);
  for (int j = 0; j < LANES; j++) rest += all[j];
  ((__global T*) (sums + sumsAt))[get_global_id(0)] = rest;
}

// Kahan's sum of the pieces.
kernel void joined(__global const char* sums, const long sumsAt, OUT(T, y), const long pieces, const T divisor) {
  if (get_global_id(0) > 0) return;
  __global const T* s = (__global const T*) (sums + sumsAt);
  T total = 0;
  T lost = 0;
  for (long p = 0; p < pieces; p++) {
    const T v = s[p] - lost;
    const T sum = total + v;
    lost = isfinite(sum) ? (sum - total) - v : (T) 0;
    total = sum;
  }
  y_buffer[y_first] = total / divisor;
}
