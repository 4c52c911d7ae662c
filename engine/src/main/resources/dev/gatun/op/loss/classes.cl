// Losses of classes: rows of `classes` numbers and the number of the right one each; IGNORED rows count nothing.
#ifdef WEIGHT
#define WEIGHT_IN IN(T, weight),
#define W(i) ((i) < 0 ? (T) 0 : weight_buffer[weight_first + (i)])
#define WEIGHTS(i) LOAD(weight_buffer + weight_first + (i))
#else
#define WEIGHT_IN
#define W(i) ((i) < 0 ? (T) 0 : (T) 1)
#define WEIGHTS(i) (V) (1)
#endif
#ifdef IGNORED
#define TARGET(r) \
  (targets[r] == ignored ? -1 : checked(targets[r], 0, classes, faults, call))
#else
#define TARGET(r) checked(targets[r], 0, classes, faults, call)
#endif
// Work memory lies where a number of bytes says.
#define DIVISOR_IN __global char* divisor_, const long divisorAt
#define DIVISOR (*(__global T*) (divisor_ + divisorAt))
#define ROWS \
  long r = get_global_id(0) * (long) CHUNK; \
  for (const long end = min(r + CHUNK, rows); r < end; r++)

inline void kahan(T* total, T* lost, const T x) {
  const T v = x - *lost;
  const T sum = *total + v;
  *lost = isfinite(sum) ? (sum - *total) - v : (T) 0;
  *total = sum;
}

inline T lanes_sum(const V v) {
  T some[LANES];
  STORE(v, some);
  T s = 0;
  for (int l = 0; l < LANES; l++) s += some[l];
  return s;
}

// Adds VECTOR, of the elements from i on, or ONE, of element i, for all n to `total`: in short pieces joined by Kahan's
// sum, so that the error does not grow with the number of classes.
#define PIECE (64 * LANES)
#define SUM(total, n, VECTOR, ONE) \
  { \
    T lost = 0; \
    for (long begin = 0; begin < n; begin += PIECE) { \
      const long end_of_piece = min(n, begin + PIECE); \
      V all = (V) (0); \
      T part = 0; \
      long i = begin; \
      for (; i + LANES <= end_of_piece; i += LANES) all += VECTOR; \
      for (; i < end_of_piece; i++) part += ONE; \
      kahan(&total, &lost, part + lanes_sum(all)); \
    } \
  }

inline T log_sum_exp(__global const T* x, const long n) {
  V most = (V) (LOWEST);
  T part[LANES];
  long i = 0;
  for (; i + LANES <= n; i += LANES) {
    const V v = LOAD(x + i);
    most = isnan(v) | (v > most) ? v : most;
  }
  STORE(most, part);
  T m = part[0];
  for (int k = 1; k < LANES; k++) m = isnan(part[k]) || part[k] > m ? part[k] : m;
  for (; i < n; i++) m = isnan(x[i]) || x[i] > m ? x[i] : m;
  T sum = 0;
  SUM(sum, n, exp(LOAD(x + i) - m), exp(x[i] - m))
  return isinf(m) ? m : m + log(sum);
}

// The loss of each row; `y` gets it where rows are not joined, else work memory.
#ifdef SMOOTHED
kernel void entropies(
    IN(T, x_), IN(I, targets_), WEIGHT_IN OUT(T, y), OUT(T, lse), const long rows, const long classes,
    const long ignored, const T smoothing, FAULTS) {
  OPEN(T, x_);
  OPEN(I, targets_);
  OPEN_OUT(T, y);
  OPEN_OUT(T, lse);
  __global const I* targets = targets_;
  ROWS {
    __global const T* x = x_ + r * classes;
    const long target = TARGET(r);
    const T top = log_sum_exp(x, classes);
    T loss = 0;
    if (target >= 0) {
      loss = (1 - smoothing) * W(target) * (top - x[target]);
      if (smoothing > 0) {
        T rest = 0;
        SUM(rest, classes, WEIGHTS(i) * (top - LOAD(x + i)), W(i) * (top - x[i]))
        loss += smoothing / classes * rest;
      }
    }
    lse[r] = top;
    y[r] = loss;
  }
}

kernel void entropies_back(
    IN(T, x_), IN(I, targets_), IN(T, lse), IN(T, dy), WEIGHT_IN DIVISOR_IN, OUT(T, dx_), const long rows,
    const long classes, const long ignored, const T smoothing, const long step, FAULTS) {
  OPEN(T, x_);
  OPEN(I, targets_);
  OPEN_OUT(T, dx_);
  __global const I* targets = targets_;
  const T spread = smoothing / classes;
  T total = 0;
  if (smoothing > 0) SUM(total, classes, WEIGHTS(i), W(i))
  ROWS {
    __global const T* x = x_ + r * classes;
    __global T* dx = dx_ + r * classes;
    const long target = TARGET(r);
    const T own = (1 - smoothing) * W(target);
    const T d = dy_buffer[dy_first + r * step] / DIVISOR;
    const T top = lse_buffer[lse_first + r];
    const T all = own + (smoothing > 0 ? spread * total : 0);
    if (target < 0) {
      for (long i = 0; i < classes; i++) dx[i] = 0;
      continue;
    }
    long i = 0;
    for (; i + LANES <= classes; i += LANES) {
      const V v = all * exp(LOAD(x + i) - top);
      STORE(v, dx + i);
    }
    for (; i < classes; i++) dx[i] = all * exp(x[i] - top);
    const T p = exp(x[target] - top);
    dx[target] = own * (p - 1) + (smoothing > 0 ? spread * total * p : 0);
    for (i = 0; i < classes; i++) dx[i] = (smoothing > 0 ? dx[i] - spread * W(i) : dx[i]) * d;
  }
}
#else
kernel void likelihoods(
    IN(T, x), IN(I, targets_), WEIGHT_IN OUT(T, y), const long rows, const long classes, const long ignored, FAULTS) {
  OPEN(T, x);
  OPEN(I, targets_);
  OPEN_OUT(T, y);
  __global const I* targets = targets_;
  ROWS {
    const long target = TARGET(r);
    y[r] = target < 0 ? 0 : -W(target) * x[r * classes + target];
  }
}

kernel void likelihoods_back(
    IN(I, targets_), IN(T, dy), WEIGHT_IN DIVISOR_IN, OUT(T, dx), const long rows, const long classes,
    const long ignored, const long step, FAULTS) {
  OPEN(I, targets_);
  OPEN_OUT(T, dx);
  __global const I* targets = targets_;
  ROWS {
    const long target = TARGET(r);
    for (long i = 0; i < classes; i++) dx[r * classes + i] = 0;
    if (target >= 0) {
      dx[r * classes + target] = -W(target) * dy_buffer[dy_first + r * step] / DIVISOR;
    }
  }
}
#endif

kernel void divisors(
    IN(I, targets_), WEIGHT_IN DIVISOR_IN, const long rows, const long classes, const long ignored,
    const long isMean, FAULTS) {
  OPEN(I, targets_);
  __global const I* targets = targets_;
  if (get_global_id(0) > 0) return;
  T total = 0;
  T lost = 0;
  for (long r = 0; isMean && r < rows; r++) kahan(&total, &lost, W(TARGET(r)));
  DIVISOR = isMean ? total : (T) 1;
}

kernel void mean(IN(T, losses), DIVISOR_IN, OUT(T, y), const long rows) {
  if (get_global_id(0) > 0) return;
  T total = 0;
  T lost = 0;
  for (long r = 0; r < rows; r++) kahan(&total, &lost, losses_buffer[losses_first + r]);
  y_buffer[y_first] = total / DIVISOR;
}
