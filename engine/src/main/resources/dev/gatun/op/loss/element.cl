// Losses of an element x and a target t with a parameter p: LOSS, and its gradient of x or t. Weights, and parameters
// of their own, repeat along the last axes.
inline T signum(const T x) { return x < 0 ? -1 : x > 0 ? 1 : x; }
inline T positive_part(const T x) { return isnan(x) || x > 0 ? x : 0; }
inline T bounded(const T x, const T p) { return x < -p ? -p : x > p ? p : x; }

inline T loss_of(const T x, const T t, const T p) { LOSS }

#ifdef WEIGHT
#define WEIGHT_IN IN(T, weight), const long weight_n,
#define W(i) weight_buffer[weight_first + (i) % weight_n]
#else
#define WEIGHT_IN
#define W(i) 1
#endif
#ifdef PARAMETER
#define PARAMETER_IN IN(T, parameter), const long parameter_n,
#define P(i) parameter_buffer[parameter_first + (i) % parameter_n]
#else
#define PARAMETER_IN const T parameter,
#define P(i) parameter
#endif

kernel void each(IN(T, x), IN(T, t), WEIGHT_IN PARAMETER_IN OUT(T, y), const long n) {
  OPEN(T, x);
  OPEN(T, t);
  OPEN_OUT(T, y);
  long i = get_global_id(0) * (long) CHUNK;
  for (const long end = min(i + CHUNK, n); i < end; i++) y[i] = W(i) * loss_of(x[i], t[i], P(i));
}

// The sum of a piece, in ways that lie side by side.
#define WAYS 16
kernel void pieces(
    IN(T, x), IN(T, t), WEIGHT_IN PARAMETER_IN __global char* sums, const long sumsAt, const long n,
    const long length) {
  OPEN(T, x);
  OPEN(T, t);
  const long begin = get_global_id(0) * length;
  if (begin >= n) return;
  const long end = min(begin + length, n);
  T s[WAYS];
  for (int k = 0; k < WAYS; k++) s[k] = 0;
  long i = begin;
  for (; i + WAYS <= end; i += WAYS) {
    for (int k = 0; k < WAYS; k++) s[k] += W(i + k) * loss_of(x[i + k], t[i + k], P(i + k));
  }
  for (; i < end; i++) s[0] += W(i) * loss_of(x[i], t[i], P(i));
  T all = 0;
  for (int k = 0; k < WAYS; k++) all += s[k];
  ((__global T*) (sums + sumsAt))[get_global_id(0)] = all;
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

kernel void back(
    IN(T, dy), IN(T, x), IN(T, t), WEIGHT_IN PARAMETER_IN OUT(T, d), const long n, const T scale, const long step) {
  OPEN(T, dy);
  OPEN(T, x);
  OPEN(T, t);
  OPEN_OUT(T, d);
  long i = get_global_id(0) * (long) CHUNK;
  for (const long end = min(i + CHUNK, n); i < end; i++) {
    d[i] = W(i) * scale * dy[i * step] * loss_of(x[i], t[i], P(i));
  }
}
