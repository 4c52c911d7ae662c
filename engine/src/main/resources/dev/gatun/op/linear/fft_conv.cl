// Convolutions by transforms of n = 2 L - 1 or more elements, behind fft.cl: rows [batch, channel], filters by channel.
#define OPERAND(x) (x##_buffer + x##_first)

// The filter of a channel at lags -(L - 1) to L - 1, the negative ones at the end.
kernel void filters(
    IN(T, k), IN(T, reverse), WORK(a), const long plane, const long channels, const long n, const long l,
    const long length, const long other, const long period) {
  OPEN_WORK(a);
  const long h = get_global_id(0);
  if (h >= channels) return;
  __global const T* f = OPERAND(k) + h * length;
  __global const T* g = OPERAND(reverse) + h * other;
  const T nan = nan_unless_finite(f, length) + nan_unless_finite(g, other);
  for (long p = 0; p < n; p++) {
    const long lag = p < l ? p : p > n - l ? p - n : l;
    T v = nan;
    if (lag < l) {
      if (lag >= 0 && lag < length) v += f[lag];
      if (lag <= 0 && -lag < other) v += g[-lag];
      if (period > 0 && lag < 0 && lag + period < length) v += f[lag + period];
    }
    a[h * n + p] = v;
    a[h * n + p + plane] = 0;
  }
}

// x times f, or its conjugate, by channel; parts exchanged for the inverse transform.
kernel void product(
    WORK(x), WORK(f), WORK(y), const long plane, const long filter_plane, const long rows, const long channels,
    const long n, const long conjugate) {
  OPEN_WORK(x);
  OPEN_WORK(f);
  OPEN_WORK(y);
  const long row = get_global_id(0);
  if (row >= rows) return;
  __global const T* w = f + row % channels * n;
  const T sign = conjugate ? -1 : 1;
  for (long i = 0; i < n; i++) {
    const T a = x[row * n + i];
    const T b = x[row * n + i + plane];
    const T c = w[i];
    const T d = sign * w[i + filter_plane];
    y[row * n + i] = a * d + b * c;
    y[row * n + i + plane] = a * c - b * d;
  }
}

// Sums over batches of g times the conjugate of u, by channel.
kernel void correlations(
    WORK(g), WORK(u), WORK(y), const long plane, const long filter_plane, const long batches, const long channels,
    const long n) {
  OPEN_WORK(g);
  OPEN_WORK(u);
  OPEN_WORK(y);
  const long h = get_global_id(0);
  if (h >= channels) return;
  for (long i = 0; i < n; i++) {
    T re = 0;
    T im = 0;
    for (long b = 0; b < batches; b++) {
      const long at = (b * channels + h) * n + i;
      re += g[at] * u[at] + g[at + plane] * u[at + plane];
      im += g[at + plane] * u[at] - g[at] * u[at + plane];
    }
    y[h * n + i] = im;
    y[h * n + i + filter_plane] = re;
  }
}

inline T gelu(const T x) { return x == LOWEST ? 0 : x * (0.5 * erfc(x * -0.7071067811865476)); }
inline T gelu_slope(const T x) {
  return 0.5 * erfc(x * -0.7071067811865476) + (isinf(x) ? (T) 0 : x * (0.3989422804014327 * exp(-0.5 * x * x)));
}

// a / n + d u, and by HOW: 0 no more, 1 its GELU, 2 dy times the slope of the GELU there.
kernel void finish(
    WORK(a), IN(T, u), IN(T, d), IN(T, dy), OUT(T, y), const long plane, const long rows, const long channels,
    const long n, const long l, const long skip, const long how) {
  OPEN_WORK(a);
  const long row = get_global_id(0);
  if (row >= rows) return;
  const T scale = (T) 1 / n;
  const T by = skip ? OPERAND(d)[row % channels] : (T) 0;
  __global const T* x = OPERAND(u) + row * l;
  __global T* to = OPERAND(y) + row * l;
  for (long t = 0; t < l; t++) {
    T v = a[row * n + t + plane] * scale;
    if (skip) v += by * x[t];
    to[t] = how == 0 ? v : how == 1 ? gelu(v) : OPERAND(dy)[row * l + t] * gelu_slope(v);
  }
}

// The gradients of the filters from correlations at lags of the same places.
kernel void filters_back(
    WORK(a), OUT(T, dk), const long plane, const long channels, const long n, const long l, const long length,
    const long period, const long turned) {
  OPEN_WORK(a);
  const long h = get_global_id(0);
  if (h >= channels) return;
  const T scale = (T) 1 / n;
  __global const T* c = a + h * n + plane;
  for (long i = 0; i < length; i++) {
    T v = c[turned && i > 0 ? n - i : i];
    const long far = i - period;
    if (period > 0 && -far <= l - 1) v += c[n + far];
    OPERAND(dk)[h * length + i] = v * scale;
  }
}

kernel void skip_back(
    IN(T, g), IN(T, u), OUT(T, dd), const long batches, const long channels, const long l) {
  const long h = get_global_id(0);
  if (h >= channels) return;
  T sum = 0;
  for (long b = 0; b < batches; b++) {
    const long row = (b * channels + h) * l;
    for (long begin = 0; begin < l; begin += 256) {
      T part = 0;
      for (long t = begin; t < min(l, begin + 256); t++) part += OPERAND(g)[row + t] * OPERAND(u)[row + t];
      sum += part;
    }
  }
  OPERAND(dd)[h] = sum;
}
