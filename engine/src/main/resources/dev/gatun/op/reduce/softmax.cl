// Softmax, its logarithm and their gradients along an axis of `n` elements `inner` apart. A work-item goes through
// `per` runs; runs side by side are read together, LANES at a time, where the axis is not the last one.
//
// FIRST(x, g, m) is added up over a run (m: the largest element), RESULT(x, g, m, s) sees the sum. With KEPT the first
// goes into y, and the result sees it instead of x.
// Keeps NaN, as the sum that follows does.
#define HIGHER(x, y) (isnan(x) | ((x) > (y)) ? (x) : (y))

inline V few(__global const T* x, const long i, const int count, const T rest) {
  if (count == LANES) return LOAD(x + i);
  T part[LANES];
  for (int j = 0; j < LANES; j++) part[j] = j < count ? x[i + j] : rest;
  return LOAD(part);
}

inline void put(V v, __global T* y, const long i, const int count) {
  if (count == LANES) {
    STORE(v, y + i);
    return;
  }
  T part[LANES];
  STORE(v, part);
  for (int j = 0; j < count; j++) y[i + j] = part[j];
}

#if KEPT
#define X_ y_
#define KEEP(v, o, count) put(v, y_, o, count)
#else
#define X_ x_
#define KEEP(v, o, count)
#endif

inline V first(V x, V g, V m) { return FIRST; }
inline V result(V x, V g, V m, V s) { return RESULT; }

kernel void along(
    IN(T, x_), IN(T, g_), OUT(T, y_), const long n, const long inner, const long runs, const long per) {
  OPEN(T, x_);
  OPEN(T, g_);
  OPEN_OUT(T, y_);
#if COLUMNS
  const long tiles = (inner + LANES - 1) / LANES;
  const long run = get_global_id(0) / tiles;
  const long column = get_global_id(0) % tiles * LANES;
  if (run * inner >= runs) return;
  const long at = run * n * inner + column;
  const int count = (int) min((long) LANES, inner - column);
  V m = (V) (LOWEST);
  V s = (V) (0);
#if HAS_MAX
  for (long i = 0; i < n; i++) {
    V v = few(x_, at + i * inner, count, 0);
    m = HIGHER(v, m);
  }
#endif
  for (long i = 0; i < n; i++) {
    const V v = first(few(x_, at + i * inner, count, 0), few(g_, at + i * inner, count, 0), m);
    KEEP(v, at + i * inner, count);
    s += v;
  }
  for (long i = 0; i < n; i++) {
    const long o = at + i * inner;
    put(result(few(X_, o, count, 0), few(g_, o, count, 0), m, s), y_, o, count);
  }
#else
  const long begin = get_global_id(0) * per;
  for (long run = begin; run < min(runs, begin + per); run++) {
    const long at = run * n;
    V m = (V) (LOWEST);
    V s = (V) (0);
    T part[LANES];
#if HAS_MAX
    for (long i = 0; i < n; i += LANES) {
      V v = few(x_, at + i, (int) min((long) LANES, n - i), LOWEST);
      m = HIGHER(v, m);
    }
    STORE(m, part);
    T most = part[0];
    for (int j = 1; j < LANES; j++) most = HIGHER(part[j], most);
    m = (V) (most);
#endif
    long i = 0;
    for (; i + LANES <= n; i += LANES) {
      const V v = first(LOAD(x_ + at + i), LOAD(g_ + at + i), m);
      KEEP(v, at + i, LANES);
      s += v;
    }
    T total = 0;
    if (i < n) {
      const int count = (int) (n - i);
      const V v = first(few(x_, at + i, count, 0), few(g_, at + i, count, 0), m);
      KEEP(v, at + i, count);
      STORE(v, part);
      for (int j = 0; j < count; j++) total += part[j];
    }
    STORE(s, part);
    for (int j = 0; j < LANES; j++) total += part[j];
    for (i = 0; i < n; i += LANES) {
      const int count = (int) min((long) LANES, n - i);
      put(result(few(X_, at + i, count, 0), few(g_, at + i, count, 0), m, (V) (total)), y_, at + i, count);
    }
  }
#endif
}
