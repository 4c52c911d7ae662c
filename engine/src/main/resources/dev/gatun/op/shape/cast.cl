// Elements of type FROM as type TO. Floats are rounded to nearest even, once; floats to integers are cut towards zero
// and saturate, NaN being 0; integers to integers keep the low bits; everything to BOOL is true unless zero.
// A is the type between: float, double or long.
#if defined(FROM_F16)
#define A float
#define READ(x, i) vload_half(i, (__global const half*) (x))
#elif defined(FROM_BF16)
#define A float
#define READ(x, i) bf16_float((x)[i])
#elif defined(FROM_F32)
#define A float
#define READ(x, i) (x)[i]
#elif defined(FROM_F64)
#define A double
#define READ(x, i) (x)[i]
#else
#define A long
#define IS_INTEGER
#define READ(x, i) (long) (x)[i]
#endif

// Cut towards zero, the last bit set if anything was lost: rounding the result to a shorter type is as good as rounding
// `a` itself.
#if defined(FROM_F64) || defined(IS_INTEGER)
inline float odd(const A a) {
  const float f = convert_float_rtz(a);
  return (A) f == a ? f : as_float(as_uint(f) | 1);
}
#else
#define odd(a) (a)
#endif

#if defined(TO_F16)
#define WRITE(y, i, a) vstore_half_rte(odd(a), i, (__global half*) (y))
#elif defined(TO_BF16)
#define WRITE(y, i, a) (y)[i] = float_bf16(odd(a))
#elif defined(TO_BOOL)
#define WRITE(y, i, a) (y)[i] = (a) != 0
#elif defined(TO_F32)
#define WRITE(y, i, a) (y)[i] = convert_float_rte(a)
#elif defined(TO_F64)
#define WRITE(y, i, a) (y)[i] = (double) (a)
#elif defined(IS_INTEGER)
#define WRITE(y, i, a) (y)[i] = (TO) (a)
#else
#define WRITE(y, i, a) (y)[i] = isnan(a) ? (TO) 0 : CAT(CAT(convert_, TO), _sat_rtz)(a)
#endif

#ifdef FROM
kernel void cast(IN(FROM, x), OUT(TO, y), const long n) {
  OPEN(FROM, x);
  OPEN_OUT(TO, y);
  long i = get_global_id(0) * (long) CHUNK;
  for (const long end = min(i + CHUNK, n); i < end; i++) {
    const A a = READ(x, i);
    WRITE(y, i, a);
  }
}
#else
// start + i step, the last one as given.
kernel void ramp(OUT(TO, y), const long n, const A start, const A step, const A last) {
  OPEN_OUT(TO, y);
  long i = get_global_id(0) * (long) CHUNK;
  for (const long end = min(i + CHUNK, n); i < end; i++) {
    const A a = i == n - 1 ? last : start + (A) i * step;
    WRITE(y, i, a);
  }
}
#endif
