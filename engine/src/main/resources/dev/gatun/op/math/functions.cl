// What bodies of elementwise functions call: V is a vector of LANES numbers T, R the type of results.
#ifndef R
#define R T
#define RV V
#else
#define RV R
#endif

#if defined(IS_F32) || defined(IS_F64)
#define PARAMETER T
#define GREATER(x, y) (isnan(x) | ((x) > (y)) | (((x) == (y)) & ((x) == 0) & (signbit(y) != 0)) ? (x) : (y))
#define LESSER(x, y) (isnan(x) | ((x) < (y)) | (((x) == (y)) & ((x) == 0) & (signbit(x) != 0)) ? (x) : (y))
// 1 to the power of NaN, and of infinity, is NaN as in Java.
#define POWER(x, y) ((fabs(x) == 1) & (isinf(y) | (isnan(y))) ? (V) (NAN_T) : POW(x, y))
// The quotient of floats beyond 2^24 is exact in doubles only.
#if defined(IS_F32) && defined(cl_khr_fp64)
#if LANES > 1
#define Q CAT(double, LANES)
#define TO_Q CAT(convert_double, LANES)
#define FROM_Q CAT(convert_float, LANES)
#else
#define Q double
#define TO_Q convert_double
#define FROM_Q convert_float
#endif
#else
#define Q V
#define TO_Q
#define FROM_Q
#endif

// PoCL 3.1's pow and fmod of eight doubles mix up lanes on processors with AVX-512, or never end.
#if defined(cl_khr_fp64) && LANES > 1
#define LANEWISE(f) \
  inline Q f##_lanes(Q x, Q y) { \
    double a[LANES], b[LANES]; \
    STORE(x, a); \
    STORE(y, b); \
    for (int i = 0; i < LANES; i++) a[i] = f(a[i], b[i]); \
    return LOAD(a); \
  }
LANEWISE(pow)
LANEWISE(fmod)
#define FMOD_Q fmod_lanes
#else
#define FMOD_Q fmod
#endif
#if defined(IS_F64) && LANES > 1
#define POW pow_lanes
#define FMOD fmod_lanes
#else
#define POW pow
#define FMOD fmod
#endif

#define FLOOR_DIVIDE(x, y) FROM_Q(floor_divide(TO_Q(x), TO_Q(y)))

inline Q floor_divide(Q x, Q y) {
  Q r = FMOD_Q(x, y);
  Q q = (x - r) / y;
  q = (r != 0) & ((r < 0) != (y < 0)) ? q - 1 : q;
  Q f = floor(q);
  f = q - f > 0.5 ? f + 1 : f;
  f = q == 0 ? copysign((Q) (0), x / y) : f;
  return y == 0 ? x / y : f;
}
#else
#define PARAMETER long
#define GREATER(x, y) max(x, y)
#define LESSER(x, y) min(x, y)
#endif
