// Storage formats of 8 and 4 bits.
#ifdef IS_GPU
#ifdef cl_khr_fp64
// A GPU's quotient of floats may err in the last bits; that of doubles, rounded, is the correct one.
#define QUOTIENT(x, y) convert_float((double) (x) / (double) (y))
#endif
#endif
#ifndef QUOTIENT
#define QUOTIENT(x, y) ((x) / (y))
#endif

#ifdef BITS
#define LIMIT (BITS == 8 ? 127.0f : 7.0f)
#define INFINITE 0x7f800000u

inline char code(const float x, const float inverse) { return (char) rint(x * inverse); }

// Groups of `group` neighbours with a scale each; of 4 bits, a byte holds number j of a group and number j + group / 2.
kernel void quantize(IN(T, x_), OUT(char, codes_), OUT(float, scale), const long groups, const long group) {
  OPEN(T, x_);
  OPEN_OUT(char, codes_);
  OPEN_OUT(float, scale);
  long g = get_global_id(0) * (long) CHUNK;
  for (const long end = min(g + CHUNK, groups); g < end; g++) {
    __global const T* x = x_ + g * group;
    // Magnitudes are in the order of their bits, infinities and NaN above all.
    uint most = 0;
    for (long i = 0; i < group; i++) most = max(most, as_uint(fabs((float) x[i])));
    const float m = as_float(most);
    const bool sound = most < INFINITE;
    const bool counts = sound && m >= 0x1p-100f;
    const float inverse = counts ? LIMIT / m : 0;
    scale[g] = sound ? (counts ? m / LIMIT : 0) : NAN;
    const long half_group = group / 2;
    __global char* codes = codes_ + (BITS == 8 ? g * group : g * half_group);
#if BITS == 8
    for (long i = 0; i < group; i++) codes[i] = sound ? code((float) x[i], inverse) : 0;
#else
    for (long i = 0; i < half_group; i++) {
      const char low = sound ? code((float) x[i], inverse) : 0;
      const char high = sound ? code((float) x[half_group + i], inverse) : 0;
      codes[i] = (char) ((low & 15) | (high << 4));
    }
#endif
  }
}

kernel void dequantize(IN(char, codes_), IN(float, scale), OUT(T, y_), const long groups, const long group) {
  OPEN(char, codes_);
  OPEN(float, scale);
  OPEN_OUT(T, y_);
  long g = get_global_id(0) * (long) CHUNK;
  for (const long end = min(g + CHUNK, groups); g < end; g++) {
    const float s = scale[g];
    __global T* y = y_ + g * group;
#if BITS == 8
    __global const char* codes = codes_ + g * group;
    for (long i = 0; i < group; i++) y[i] = codes[i] * s;
#else
    const long half_group = group / 2;
    __global const char* codes = codes_ + g * half_group;
    for (long i = 0; i < half_group; i++) {
      y[i] = ((char) (codes[i] << 4) >> 4) * s;
      y[half_group + i] = (codes[i] >> 4) * s;
    }
#endif
  }
}
#endif

#ifdef CODE
// The scale of an element: one for all (of 0), of its place along an axis of d places, `inner` apart (1), or of a block
// of places (2).
inline long scale_of(const long e, const long kind, const long inner, const long d, const long block) {
  if (kind == 0) return 0;
  const long run = e / inner;
  const long at = run % d;
  return kind == 1 ? at : (run / d * ((d + block - 1) / block) + at / block) * inner + e % inner;
}

inline CODE to_code(const float quotient, const float zero) {
  return CAT(CAT(convert_, CODE), _sat)((isnan(quotient) ? 0.0f : rint(quotient)) + zero);
}

#ifdef ZERO
#define ZERO_IN , IN(CODE, zero)
#define ZERO_OPEN OPEN(CODE, zero)
#define ZERO_AT(g) (float) zero[g]
#else
#define ZERO_IN
#define ZERO_OPEN
#define ZERO_AT(g) 0
#endif

kernel void quantize_linear(
    IN(float, x), IN(float, scale) ZERO_IN, OUT(CODE, y), const long n, const long kind, const long inner,
    const long d, const long block) {
  OPEN(float, x);
  OPEN(float, scale);
  ZERO_OPEN;
  OPEN_OUT(CODE, y);
  long e = get_global_id(0) * (long) CHUNK;
  for (const long end = min(e + CHUNK, n); e < end; e++) {
    const long g = scale_of(e, kind, inner, d, block);
    y[e] = to_code(QUOTIENT(x[e], scale[g]), ZERO_AT(g));
  }
}

kernel void dequantize_linear(
    IN(CODE, x), IN(float, scale) ZERO_IN, OUT(float, y), const long n, const long kind, const long inner,
    const long d, const long block) {
  OPEN(CODE, x);
  OPEN(float, scale);
  ZERO_OPEN;
  OPEN_OUT(float, y);
  long e = get_global_id(0) * (long) CHUNK;
  for (const long end = min(e + CHUNK, n); e < end; e++) {
    const long g = scale_of(e, kind, inner, d, block);
    y[e] = ((float) x[e] - ZERO_AT(g)) * scale[g];
  }
}

// The least and the greatest element of pieces, 0 included; NaN where there is one.
kernel void range(IN(float, x), __global char* ranges_, const long at, const long n, const long piece) {
  OPEN(float, x);
  __global float2* ranges = (__global float2*) (ranges_ + at);
  const long p = get_global_id(0);
  long i = p * piece;
  const long end = min(i + piece, n);
  float16 low = 0;
  float16 high = 0;
  int16 odd = 0;
  for (; i + 16 <= end; i += 16) {
    const float16 v = vload16(0, x + i);
    low = v < low ? v : low;
    high = v > high ? v : high;
    odd |= isnan(v);
  }
  float lows[16], highs[16];
  int odds[16];
  vstore16(low, 0, lows);
  vstore16(high, 0, highs);
  vstore16(odd, 0, odds);
  float2 r = 0;
  int isOdd = 0;
  for (int k = 0; k < 16; k++) {
    r.x = min(r.x, lows[k]);
    r.y = max(r.y, highs[k]);
    isOdd |= odds[k];
  }
  for (; i < end; i++) {
    r.x = x[i] < r.x ? x[i] : r.x;
    r.y = x[i] > r.y ? x[i] : r.y;
    isOdd |= isnan(x[i]);
  }
  if (i >= 0 && p * piece < n) ranges[p] = isOdd ? (float2) (NAN, NAN) : r;
}

kernel void scale_of_range(
    __global const char* ranges_, const long at, OUT(float, scale), OUT(CODE, zero), const long pieces) {
  __global const float2* ranges = (__global const float2*) (ranges_ + at);
  OPEN_OUT(float, scale);
  OPEN_OUT(CODE, zero);
  if (get_global_id(0) > 0) return;
  float2 r = 0;
  for (long p = 0; p < pieces; p++) {
    const float2 next = ranges[p];
    r.x = isnan(next.x) || next.x < r.x ? next.x : r.x;
    r.y = isnan(next.y) || next.y > r.y ? next.y : r.y;
  }
  float s = QUOTIENT(r.y - r.x, 255.0f);
  s = s == 0 ? 1 : s;
  scale[0] = s;
  zero[0] = isnan(s) || isnan(r.x / s) ? (CODE) 0 : convert_uchar_sat(rint(clamp(QUOTIENT(-r.x, s), 0.0f, 255.0f)));
}
#endif
