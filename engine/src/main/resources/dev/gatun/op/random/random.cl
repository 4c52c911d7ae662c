// Random numbers, behind philox.cl: an element depends on the seed and its own number alone. What is not a word is
// worked out in double, step by step as Elementary.java does, so that the bits are those of other devices; where there
// is no double, in float by the driver's functions.
#define CHUNKED(n) \
  long i = get_global_id(0) * (long) CHUNK; \
  for (const long end = min(i + CHUNK, n); i < end; i++)

#ifdef cl_khr_fp64
#define R double

inline double uniform_of(const uint first, const uint second) {
  return (double) (((long) (first >> 5) << 26) + (second >> 6)) * 0x1p-53;
}

inline double log_of(const double x) {
  const long bits = as_long(x);
  const long k = bits - 0x3fe6a09e667f3bcdL;
  const double f = as_double(bits - (k & (long) 0xfff0000000000000UL)) - 1;
  const long exponent = (k + 0x3ff0000000000000L) >> 52;
  const double e = as_double(exponent | 0x4330000000000000L) - (0x1p52 + 1023);
  const double s = f / (f + 2);
  const double z = s * s;
  const double half_square = f * f * 0.5;
  const double w = z * z;
  double even = fma(0x1.2f0640110c1ecp-3, w, 0x1.74663fae04587p-3);
  even = fma(fma(even, w, 0x1.24924941f5465p-2), w, 0x1.5555555555592p-1);
  double odd = fma(0x1.39a1a5cc620aap-3, w, 0x1.c71c5205cc7e7p-3);
  const double series = fma(fma(odd, w, 0x1.999999997fd72p-2), z, even);
  const double r = fma(e, 0x1.abc9e3b39803fp-56, s * (half_square + z * series));
  return fma(e, 0x1.62e42fefa39efp-1, f - (half_square - r));
}

inline double exp_of(const double x) {
  const double t = fma(x, 0x1.71547652b82fep0, 0x1.8p52 + 2046);
  const double n = t - (0x1.8p52 + 2046);
  double r = fma(n, -0x1.62e42fefa39efp-1, x);
  r = fma(n, -0x1.abc9e3b39803fp-56, r);
  const double u = r * r;
  double even = fma(0x1.28ad9b84e5ed4p-22, u, 0x1.a01999e2657b2p-16);
  even = fma(fma(even, u, 0x1.6c16c18438ae7p-10), u, 0x1.555555555083fp-5);
  even = fma(even, u, 0x1.000000000000ap-1);
  double odd = fma(0x1.ad7f3c1c65cbap-26, u, 0x1.71df25b4b9df5p-19);
  odd = fma(fma(odd, u, 0x1.a01a012a0e82bp-13), u, 0x1.1111111127d10p-7);
  odd = fma(odd, u, 0x1.55555555554f9p-3);
  double p = fma(fma(odd, r, even), u, r) + 1;
  const ulong both = as_ulong(t);
  const ulong part = both >> 1;
  p *= as_double(part << 52);
  p *= as_double((both - part) << 52);
  return x < -746 ? 0 : p;
}

inline double wave(const double turns, const int shift) {
  const double t = fma(turns, 4.0, 0x1.8p52);
  const double r = fma(t - 0x1.8p52, -0.25, turns) * (2 * 3.141592653589793);
  const long quarters = as_long(t) + shift;
  const double u = r * r;
  const double w = u * u;
  double y;
  if ((quarters & 1) == 0) {
    double even = fma(-0x1.ae5e25f327cd8p-26, w, -0x1.a01a019bb443dp-13);
    even = fma(even, w, -0x1.5555555555547p-3);
    double odd = fma(0x1.5d803dc38a6dap-33, w, 0x1.71de3526315eap-19);
    odd = fma(odd, w, 0x1.111111110f595p-7);
    y = fma(fma(odd, u, even), r * u, r);
  } else {
    double even = fma(0x1.1ee9d6edb4e8ap-29, w, 0x1.a01a019c8a551p-16);
    even = fma(even, w, 0x1.555555555554bp-5);
    double odd = fma(-0x1.8fa361497d2efp-37, w, -0x1.27e4f7ec36078p-22);
    odd = fma(odd, w, -0x1.6c16c16c14ffep-10);
    const double high = fma(u, -0.5, 1.0);
    const double rest = fma(u, -0.5, -high + 1);
    y = fma(fma(odd, u, even), w, rest) + high;
  }
  return (quarters & 2) == 0 ? y : -y;
}
#else
#define R float
inline float uniform_of(const uint first, const uint second) { return (first >> 8) * 0x1p-24f; }
inline float log_of(const float x) { return log(x); }
inline float exp_of(const float x) { return exp(x); }
inline float wave(const float turns, const int shift) { return shift ? cospi(2 * turns) : sinpi(2 * turns); }
#endif
#define COSINE(turns) wave(turns, 1)
#define SINE(turns) wave(turns, 0)
// Uniform in [0, 1) of words 0 and 1, or 2 and 3.
#define FIRST(c) uniform_of((c).x, (c).y)
#define SECOND(c) uniform_of((c).z, (c).w)

#ifdef IS_NUMBER
// A processor makes 64 elements of 16 blocks at a time, in order or as `philox_word` has them.
#define GROUPED (CHUNK >= 64)
#define GROUPS(WORK_OF) \
  { \
    uint16 c[4]; \
    uint w[64]; \
    for (; i + 64 <= end; i += 64) { \
      philox16(seed, i / 4, c); \
      for (int j = 0; j < 4; j++) vstore16(c[j], j, w); \
      for (int e = 0; e < 64; e++) { \
        WORK_OF; \
      } \
    } \
  }

kernel void uniform_f32(OUT(float, y), const long n, const long seed) {
  OPEN_OUT(float, y);
  long i = get_global_id(0) * (long) CHUNK;
  const long end = min(i + CHUNK, n);
  if (GROUPED) GROUPS(y[i + e] = (w[e % 4 * 16 + e / 4] >> 8) * 0x1p-24f)
  for (; i < end; i++) {
    const uint4 c = philox(seed, i / 4, 0);
    const long j = i % 4;
    y[i] = ((j == 0 ? c.x : j == 1 ? c.y : j == 2 ? c.z : c.w) >> 8) * 0x1p-24f;
  }
}

kernel void uniform_f64(OUT(T, y), const long n, const long seed) {
  OPEN_OUT(T, y);
  CHUNKED(n) {
    const uint4 c = philox(seed, i / 2, 0);
    y[i] = i % 2 == 0 ? FIRST(c) : SECOND(c);
  }
}

// A pair of elements has a block.
kernel void normal(OUT(T, y), const long n, const long seed) {
  OPEN_OUT(T, y);
  long pair = get_global_id(0) * (long) CHUNK;
  for (const long end = min(pair + CHUNK, (n + 1) / 2); pair < end; pair++) {
    const uint4 c = philox(seed, pair, 0);
    const R radius = sqrt(-2 * log_of(1 - FIRST(c)));
    y[2 * pair] = (T) (radius * COSINE(SECOND(c)));
    if (2 * pair + 1 < n) y[2 * pair + 1] = (T) (radius * SINE(SECOND(c)));
  }
}

inline R draw(const long seed, const long element, const R a, const R b) {
  const bool around = a <= 0 && b - a >= (R) 2.5;
  const R c = (a + sqrt(a * a + 4)) / 2;
  const bool tail = a > 0 && b - a > 1 / c;
  for (int k = 0; k < ATTEMPTS; k++) {
    const uint4 words = philox(seed, element, k);
    const R u = FIRST(words);
    const R v = SECOND(words);
    R z;
    bool taken;
    if (around) {
      z = sqrt(-2 * log_of(1 - u)) * COSINE(v);
      taken = z >= a && z <= b;
    } else if (tail) {
      z = a - log_of(1 - u) / c;
      taken = z <= b && v <= exp_of(-(z - c) * (z - c) / 2);
    } else {
      z = a + u * (b - a);
      const R nearest = a > 0 ? a : 0;
      taken = v <= exp_of((nearest - z) * (nearest + z) / 2);
    }
    if (taken) return z;
  }
  return a > 0 ? a : 0;
}

kernel void truncated(
    OUT(T, y), const long n, const long seed, const R mean, const R std, const R low, const R high) {
  OPEN_OUT(T, y);
  const R a = (low - mean) / std;
  const R b = (high - mean) / std;
  CHUNKED(n) {
    const R z = b < 0 ? -draw(seed, i, -b, -a) : draw(seed, i, a, b);
    const R v = mean + std * z;
    y[i] = (T) (v < low ? low : v > high ? high : v);
  }
}

kernel void bernoulli(OUT(T, y), const long n, const long seed, const long threshold) {
  OPEN_OUT(T, y);
  long i = get_global_id(0) * (long) CHUNK;
  const long end = min(i + CHUNK, n);
  if (GROUPED) GROUPS(y[i + e] = w[e] < threshold ? 1 : 0)
  for (; i < end; i++) y[i] = philox_word(seed, i) < threshold ? 1 : 0;
}

// A product, to which a residual is added where there is one.
kernel void dropout(
    IN(T, x), IN(T, residual), OUT(T, y), const long n, const long seed, const long threshold, const T kept,
    const long adds) {
  OPEN(T, x);
  OPEN(T, residual);
  OPEN_OUT(T, y);
  long i = get_global_id(0) * (long) CHUNK;
  const long end = min(i + CHUNK, n);
  const long begin = i;
  if (GROUPED) GROUPS(y[i + e] = x[i + e] * (w[e] < threshold ? 0 : kept))
  for (; i < end; i++) y[i] = x[i] * (philox_word(seed, i) < threshold ? 0 : kept);
  if (adds) {
    for (i = begin; i < end; i++) y[i] += residual[i];
  }
}

// One index of each row, by its weights or their logarithms.
kernel void categorical(
    IN(T, x_), OUT(long, y), const long rows, const long n, const long seed, const long isWeights) {
  OPEN(T, x_);
  OPEN_OUT(long, y);
  CHUNKED(rows) {
    __global const T* x = x_ + i * n;
    T most = -INFINITY;
    if (!isWeights) {
      for (long k = 0; k < n; k++) most = isnan(x[k]) || x[k] > most ? x[k] : most;
    }
    R sum = 0;
    for (long k = 0; k < n; k++) sum += isWeights ? (R) x[k] : exp((R) x[k] - most);
    const uint4 c = philox(seed, i / 2, 0);
    R rest = (i % 2 == 0 ? FIRST(c) : SECOND(c)) * sum;
    long drawn = -1;
    for (long k = 0; k < n && rest >= 0 && sum < INFINITY; k++) {
      const R w = isWeights ? (R) x[k] : exp((R) x[k] - most);
      drawn = w > 0 ? k : drawn;
      rest -= w;
    }
    y[i] = drawn;
  }
}
#else
inline ulong pair_of(const uint4 c, const long half_number) {
  return half_number == 0 ? (ulong) c.y << 32 | c.x : (ulong) c.w << 32 | c.z;
}

kernel void random_int(OUT(T, y), const long n, const long seed, const long low, const long span) {
  OPEN_OUT(T, y);
  CHUNKED(n) y[i] = (T) (low + (long) mul_hi(pair_of(philox(seed, i / 2, 0), i % 2), (ulong) span));
}

// Exchanges follow each other: one work-item.
kernel void permutation(OUT(T, y), const long n, const long seed) {
  OPEN_OUT(T, y);
  if (get_global_id(0) > 0) return;
  for (long i = 0; i < n; i++) y[i] = i;
  for (long i = 0; i < n; i++) {
    const long j = i + (long) mul_hi(pair_of(philox(seed, i / 2, 0), i % 2), (ulong) (n - i));
    const T v = y[i];
    y[i] = y[j];
    y[j] = v;
  }
}
#endif
