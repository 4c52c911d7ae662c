// Steps of state space models whose matrix is diagonal plus low rank. Models and states lie in panels of PANEL features;
// rows of a panel's model are F, B, then L and T for each rank, then C for each channel, real parts before imaginary
// ones, each [n, PANEL].
#define PANEL 16

// 2 Re(a . b)
inline V dot(__global const T* a, __global const T* b, const long n) {
  V re = (V) (0);
  V im = (V) (0);
  for (long k = 0; k < n; k++) {
    re += LOAD(a + k * PANEL) * LOAD(b + k * PANEL);
    im += LOAD(a + (n + k) * PANEL) * LOAD(b + (n + k) * PANEL);
  }
  return 2 * (re - im);
}

kernel void state_step(
    IN(T, x), IN(T, u), IN(T, model), IN(T, d), OUT(T, y), OUT(T, z), OUT(T, dots), const long steps, const long n,
    const long panels, const long features, const long rank, const long channels, const long skip) {
  OPEN(T, x);
  OPEN(T, u);
  OPEN(T, model);
  OPEN(T, d);
  OPEN_OUT(T, y);
  OPEN_OUT(T, z);
  OPEN_OUT(T, dots);
  const long first = get_global_id(0) * LANES;
  const long row = get_global_id(1);
  if (first >= panels * PANEL) return;
  const long panel = first / PANEL;
  const long lane = first % PANEL;
  const long part = n * PANEL;
  const long at = (row * panels + panel) * 2 * part + lane;
  const long count = clamp(features - first, 0L, (long) LANES);
  __global T* to = z + at;
  __global T* mine = dots + row * rank * panels * PANEL + first;
  __global const T* m = model + panel * (4 + 4 * rank + 2 * channels) * part + lane;
  for (long i = 0; i < 2 * part; i += PANEL) STORE(LOAD(x + at + i), to + i);
  for (long t = row * steps; t < (row + 1) * steps; t++) {
    T some[LANES];
    for (int i = 0; i < LANES; i++) some[i] = i < count ? u[t * features + first + i] : 0;
    const V input = LOAD(some);
    for (long r = 0; r < rank; r++) STORE(dot(m + (6 + 4 * r) * part, to, n), mine + r * panels * PANEL);
    for (long i = 0; i < part; i += PANEL) {
      const V re = LOAD(to + i);
      const V im = LOAD(to + part + i);
      const V fr = LOAD(m + i);
      const V fi = LOAD(m + part + i);
      STORE(fr * re - fi * im + LOAD(m + 2 * part + i) * input, to + i);
      STORE(fr * im + fi * re + LOAD(m + 3 * part + i) * input, to + part + i);
    }
    for (long r = 0; r < rank; r++) {
      __global const T* left = m + (4 + 4 * r) * part;
      const V s = LOAD(mine + r * panels * PANEL);
      for (long i = 0; i < 2 * part; i += PANEL) STORE(LOAD(to + i) - LOAD(left + i) * s, to + i);
    }
    for (long k = 0; k < channels; k++) {
      T sums[LANES];
      STORE(dot(m + (4 + 4 * rank + 2 * k) * part, to, n), sums);
      for (int i = 0; i < count; i++) {
        const long h = k * features + first + i;
        y[t * channels * features + h] = skip ? sums[i] + some[i] * d[h] : sums[i];
      }
    }
  }
}
