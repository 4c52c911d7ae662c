// dx of a padded axis: what lies before and behind it goes back to where its mode took it from, in order.
#define CONSTANT 0
#define REFLECT 1
#define REPLICATE 2
#define CIRCULAR 3

kernel void pad_back(
    IN(T, dy_), OUT(T, dx_), const long n, const long dim, const long inner, const long before, const long after) {
  OPEN(T, dy_);
  OPEN_OUT(T, dx_);
  const long outer = get_global_id(1);
  __global const T* dy = dy_ + outer * (before + dim + after) * inner;
  __global T* dx = dx_ + outer * n;
  long e = get_global_id(0) * (long) CHUNK;
  for (const long end = min(e + CHUNK, n); e < end; e++) {
    const long i = e / inner;
    __global const T* at = dy + e - i * inner;
    T s = 0;
#if MODE == REFLECT
    if (i > 0 && i <= before) s += at[(before - i) * inner];
    s += at[(before + i) * inner];
    const long back = 2 * (dim - 1) - i;
    if (back >= dim && back < dim + after) s += at[(before + back) * inner];
#elif MODE == REPLICATE
    if (i == 0) {
      for (long k = 0; k < before; k++) s += at[k * inner];
    }
    s += at[(before + i) * inner];
    if (i == dim - 1) {
      for (long k = before + dim; k < before + dim + after; k++) s += at[k * inner];
    }
#elif MODE == CIRCULAR
    if (i - dim >= -before) s += at[(before + i - dim) * inner];
    s += at[(before + i) * inner];
    if (i < after) s += at[(before + dim + i) * inner];
#else
    s = at[(before + i) * inner];
#endif
    dx[e] = s;
  }
}
