// Connectionist temporal classification, a work-item a row of the batch; variables are logarithms in double.
#define NEVER (-1e300)
#define TARGET(i) targets_buffer[targets_first + b * most + (i)]
#define STATE(s) ((s) % 2 == 0 ? blank : (long) TARGET((s) / 2))
#define SKIPS(s) ((s) % 2 == 1 && (s) > 1 && TARGET((s) / 2) != TARGET((s) / 2 - 1))
#define LENGTH(x, n) checked(x##_buffer[x##_first + b], 0, (n) + 1, faults, call)

inline double added(const double x, const double y, const double z) {
  const double m = max(x, max(y, z));
  return m + log(exp(x - m) + exp(y - m) + exp(z - m));
}

// False, and noted, where a label is out of range or the blank.
inline bool labels_fit(
    __global const TARGETS* labels, const long n, const long classes, const long blank, FAULTS) {
  bool fit = true;
  for (long i = 0; i < n; i++) fit = checked(labels[i] == blank ? -1 : labels[i], 0, classes, faults, call) >= 0 && fit;
  return fit;
}

#define SIZES const long batch, const long frames, const long classes, const long most, const long blank
#define ROW \
  const long b = get_global_id(0); \
  if (b >= batch) return; \
  const long n = max(0L, LENGTH(frames_of, frames)); \
  const long m = max(0L, LENGTH(labels_of, most)); \
  const bool fits = labels_fit(targets_buffer + targets_first + b * most, m, classes, blank, faults, call); \
  const long states = fits ? 2 * m + 1 : 1; \
  const long width = 2 * most + 3

kernel void forward(
    IN(T, x_), IN(TARGETS, targets), IN(FRAMES, frames_of), IN(LABELS, labels_of), OUT(double, states_),
    OUT(double, losses), SIZES, FAULTS) {
  ROW;
  __global const T* x = x__buffer + x__first + b * frames * classes;
  __global double* all = states__buffer + states__first + b * frames * width;
  for (long t = 0; t < n; t++) {
    __global double* a = all + t * width;
    __global const double* before = a - width;
    a[0] = a[1] = NEVER;
    for (long s = 0; s < states; s++) {
      const double sum =
          t == 0 ? (s < 2 ? 0 : NEVER) : added(before[s + 2], before[s + 1], SKIPS(s) ? before[s] : NEVER);
      const double v = sum + x[t * classes + STATE(s)];
      a[s + 2] = v < NEVER ? NEVER : v;
    }
  }
  __global const double* a = all + (n - 1) * width;
  const double last = n == 0 ? (states == 1 ? 0 : NEVER) : a[states + 1];
  const double other = states == 1 || n == 0 ? NEVER : a[states];
  const double total = added(last, other, NEVER);
  losses_buffer[losses_first + b] = total < NEVER / 2 ? INFINITY : -total;
}

inline double divisor(const long m, const long batch, const long isMean) {
  return isMean ? (double) max(1L, m) * batch : 1;
}

kernel void reduced(
    IN(double, losses), IN(LABELS, labels_of), OUT(T, y), const long batch, const long isMean, const long isEach,
    const long zeroes) {
  if (get_global_id(0) > 0) return;
  double sum = 0;
  for (long b = 0; b < batch; b++) {
    double v = losses_buffer[losses_first + b];
    v = zeroes && v == INFINITY ? 0 : v / divisor(labels_of_buffer[labels_of_first + b], batch, isMean);
    sum += v;
    if (isEach) y_buffer[y_first + b] = (T) v;
  }
  if (!isEach) y_buffer[y_first] = (T) (batch == 0 && isMean ? NAN : sum);
}

kernel void back(
    IN(T, x_), IN(TARGETS, targets), IN(FRAMES, frames_of), IN(LABELS, labels_of), IN(double, states_),
    IN(double, losses), IN(T, dy_), OUT(T, dx_), __global char* work, const long workAt, SIZES, const long isMean,
    const long isEach, const long zeroes, FAULTS) {
  ROW;
  __global const T* x = x__buffer + x__first + b * frames * classes;
  __global T* dx = dx__buffer + dx__first + b * frames * classes;
  __global double* later = (__global double*) (work + workAt) + b * (width + classes);
  __global double* d = later + width;
  const double loss = losses_buffer[losses_first + b];
  double dy = dy__buffer[dy__first + (isEach ? b : 0)] / divisor(m, batch, isMean);
  dy = loss == INFINITY ? (zeroes ? 0 : (double) NAN) : dy;
  for (long s = 0; s < width; s++) later[s] = NEVER;
  for (long i = n * classes; i < frames * classes; i++) dx[i] = 0;
  for (long t = n - 1; t >= 0; t--) {
    __global const double* a = states__buffer + states__first + (b * frames + t) * width;
    for (long k = 0; k < classes; k++) d[k] = 0;
    for (long s = 0; s < states; s++) {
      const bool skips = s + 2 < states && SKIPS(s + 2);
      double sum = added(later[s], later[s + 1], skips ? later[s + 2] : NEVER);
      sum = t == n - 1 ? (s >= states - 2 ? 0 : NEVER) : sum;
      const long k = STATE(s);
      d[k] += exp(a[s + 2] + sum + loss);
      const double v = sum + x[t * classes + k];
      later[s] = v < NEVER ? NEVER : v;
    }
    for (long k = 0; k < classes; k++) dx[t * classes + k] = dy == 0 ? 0 : (T) (-d[k] * dy);
  }
}
