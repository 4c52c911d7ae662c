// What every kernel of the engine starts with. OpenCL C 1.2.

// A sum of a product is one rounding only where fma() says so: results do not depend on the compiler.
#pragma OPENCL FP_CONTRACT OFF
#ifdef cl_khr_fp64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

// A tensor is a buffer and the number of its first element: views start anywhere. OPEN(x) makes `x` the pointer.
#define IN(TYPE, x) __global const TYPE* x##_buffer, const long x##_first
#define OUT(TYPE, x) __global TYPE* x##_buffer, const long x##_first
#define INOUT(TYPE, x) OUT(TYPE, x)
#define OPEN(TYPE, x) __global const TYPE* const x = x##_buffer + x##_first
#define OPEN_OUT(TYPE, x) __global TYPE* const x = x##_buffer + x##_first

#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)

// Vectors of LANES elements T, or T itself.
#ifdef LANES
#if LANES > 1
#define V CAT(T, LANES)
#define LOAD(p) CAT(vload, LANES)(0, p)
#define STORE(v, p) CAT(vstore, LANES)(v, 0, p)
#else
#define V T
#define LOAD(p) (*(p))
#define STORE(v, p) *(p) = (v)
#endif
#endif

// Long vectors as arrays.
#define ARRAY16(name, v) long name[16]; vstore16(v, 0, name)

#if defined(IS_F32)
#define NAN_T NAN
#define LOWEST (-INFINITY)
#define I_T int
#elif defined(IS_F64)
#define NAN_T ((double) NAN)
#define LOWEST (-(double) INFINITY)
#define I_T long
#endif

// Values of inputs that break a rule: the first one is kept with the number of its call.
#define FAULTS __global int* faults, const int call
// `i` if it lies in [least, n); otherwise it is noted, and the result is -1: nothing is there.
inline long checked(const long i, const long least, const long n, FAULTS) {
  if (i >= least && i < n) return i;
  if (atomic_cmpxchg(faults, 0, call) == 0) *(__global long*) (faults + 2) = i;
  return -1;
}

// Half-precision storage: 16 bits that hold the upper half of a float.
inline float bf16_float(ushort x) { return as_float((uint) x << 16); }
inline ushort float_bf16(float x) {
  uint u = as_uint(x);
  return isnan(x) ? (ushort) (u >> 16 | 0x40) : (ushort) ((u + 0x7fff + (u >> 16 & 1)) >> 16);
}
