// Steps of state space models whose matrix is diagonal plus low rank; rows of the model are F, B, then L and T for
// each rank, then C for each channel, real parts before imaginary ones, each [n, features].

// 2 Re(a . b)
inline V dot(__global const T* a, __global const T* b, const long n, const long features) {
  V re = (V) (0);
  V im = (V) (0);
  for (long k = 0; k < n; k++) {
    re += LOAD(a + k * features) * LOAD(b + k * features);
    im += LOAD(a + (n + k) * features) * LOAD(b + (n + k) * features);
  }
  return 2 * (re - im);
}

kernel void state_step(
    IN(T, x), IN(T, u), IN(T, model), IN(T, d), OUT(T, y), OUT(T, z), OUT(T, dots), const long steps, const long n,
    const long features, const long rank, const long channels, const long skip) {
  OPEN(T, x);
  OPEN(T, u);
  OPEN(T, model);
  OPEN(T, d);
  OPEN_OUT(T, y);
  OPEN_OUT(T, z);
  OPEN_OUT(T, dots);
  const long first = get_global_id(0) * LANES;
  const long row = get_global_id(1);
  if (first >= features) return;
  const long part = n * features;
  __global T* to = z + 2 * row * part + first;
  __global T* mine = dots + row * rank * features + first;
  __global const T* m = model + first;
  for (long i = 0; i < 2 * part; i += features) STORE(LOAD(x + 2 * row * part + first + i), to + i);
  for (long t = row * steps; t < (row + 1) * steps; t++) {
    const V input = LOAD(u + t * features + first);
    for (long r = 0; r < rank; r++) STORE(dot(m + (6 + 4 * r) * part, to, n, features), mine + r * features);
    for (long i = 0; i < part; i += features) {
      const V re = LOAD(to + i);
      const V im = LOAD(to + part + i);
      const V fr = LOAD(m + i);
      const V fi = LOAD(m + part + i);
      STORE(fr * re - fi * im + LOAD(m + 2 * part + i) * input, to + i);
      STORE(fr * im + fi * re + LOAD(m + 3 * part + i) * input, to + part + i);
    }
    for (long r = 0; r < rank; r++) {
      __global const T* left = m + (4 + 4 * r) * part;
      const V s = LOAD(mine + r * features);
      for (long i = 0; i < 2 * part; i += features) STORE(LOAD(to + i) - LOAD(left + i) * s, to + i);
    }
    for (long k = 0; k < channels; k++) {
      const V sum = dot(m + (4 + 4 * rank + 2 * k) * part, to, n, features);
      const V through = skip ? input * LOAD(d + k * features + first) : (V) (0);
      STORE(sum + through, y + (t * channels + k) * features + first);
    }
  }
}
