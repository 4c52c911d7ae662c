// Cosines and sines of positions times frequencies, which the host gives 16 at a time. S is double where there is one:
// angles in float would be off by 4e-3 at position 100,000.
#ifdef cl_khr_fp64
#define S double
#define OF_BITS(b) as_double(b)
#else
#define S float
#define OF_BITS(b) as_float((int) (b))
#endif

kernel void frequencies(__global char* f_, const long fAt, const long first, const long count, const long16 bits) {
  if (get_global_id(0) > 0) return;
  __global S* f = (__global S*) (f_ + fAt);
  ARRAY16(all, bits);
  for (long i = 0; i < count; i++) f[first + i] = OF_BITS(all[i]);
}

kernel void table(
#ifdef POSITIONS
    IN(POSITIONS, positions),
#endif
    OUT(T, c), OUT(T, s), __global const char* f_, const long fAt, const long n, const long h, const long offset,
    const S magnitude, const S center, const S base) {
  const long e = get_global_id(0);
  if (e >= n * h) return;
  const long row = e / h;
  const long i = e % h;
#ifdef POSITIONS
  const S t = (S) positions_buffer[positions_first + row];
#else
  const S t = (S) (offset + row);
#endif
  S a = magnitude;
  // XPos: a base of 0 is none, a negative one that of keys.
  if (base != 0) a *= pow((2 * i + (S) 4 / 10 * (2 * h)) / ((S) 14 / 10 * (2 * h)), (t - center) / base);
  const S angle = t * ((__global const S*) (f_ + fAt))[i];
  c_buffer[c_first + e] = (T) (a * cos(angle));
  s_buffer[s_first + e] = (T) (a * sin(angle));
}
