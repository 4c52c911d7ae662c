// Operands of products of bytes as floats less their zero points.
#define PIECE(x) __global char* x##_bytes, const long x##_at
#define AT(TYPE, x) ((__global TYPE*) (x##_bytes + x##_at))

#ifdef A
// Bytes as they are; `zeros` zero points repeat over rows.
kernel void lefts(
    IN(A, a), PIECE(to) , const long k
#ifdef ZEROS
    , IN(A, zero), const long zeros
#endif
) {
  const long i = get_global_id(1);
#ifdef ZEROS
  const float z = zero_buffer[zero_first + i % zeros];
#else
  const float z = 0;
#endif
  __global const A* from = a_buffer + a_first + i * k;
  __global float* y = AT(float, to) + i * k;
  long l = get_global_id(0) * (long) CHUNK;
  for (const long end = min(l + CHUNK, k); l < end; l++) y[l] = from[l] - z;
}
#else
#define BLOCK 4096

// Least and greatest element of each block of each row, NaN if one is.
kernel void ranges(IN(float, x), PIECE(to), const long k) {
  const long block = get_global_id(0);
  const long blocks = (k + BLOCK - 1) / BLOCK;
  if (block >= blocks) return;
  const long row = get_global_id(1);
  __global const float* from = x_buffer + x_first + row * k;
  float low = 0;
  float high = 0;
  float nans = 0;
  const long end = min((block + 1) * BLOCK, k);
  for (long l = block * BLOCK; l < end; l++) {
    const float v = from[l];
    low = v < low ? v : low;
    high = v > high ? v : high;
    nans += v - v != 0 && isnan(v) ? 1 : 0;
  }
  __global float* y = AT(float, to) + (row * blocks + block) * 2;
  y[0] = nans > 0 ? NAN : low;
  y[1] = nans > 0 ? NAN : high;
}

// Scale and zero point of each row from `count` ranges.
kernel void scales(PIECE(from), PIECE(scale), PIECE(zero), const long count, const long rows) {
  const long i = get_global_id(0);
  if (i >= rows) return;
  __global const float* x = AT(const float, from) + i * count * 2;
  float low = 0;
  float high = 0;
  for (long l = 0; l < count; l++) {
    low = x[2 * l] < low || isnan(x[2 * l]) ? x[2 * l] : low;
    high = x[2 * l + 1] > high || isnan(x[2 * l + 1]) ? x[2 * l + 1] : high;
  }
  const float s = (high - low) / 255.0f;
  const float step = s == 0 ? 1 : s;
  const float z = -low / step;
  AT(float, scale)[i] = step;
  AT(float, zero)[i] = isnan(z) ? 0 : rint(z < 0 ? 0 : z > 255 ? 255 : z);
}

// Codes less their zero point.
kernel void codes(
    IN(float, x), PIECE(to), PIECE(scale), PIECE(zero), const long k, const long step) {
  const long i = get_global_id(1);
  __global const float* from = x_buffer + x_first + i * k;
  __global float* y = AT(float, to) + i * k;
  const float s = AT(const float, scale)[i * step];
  const float z = AT(const float, zero)[i * step];
  long l = get_global_id(0) * (long) CHUNK;
  for (const long end = min(l + CHUNK, k); l < end; l++) {
    const float q = rint(from[l] / s);
    const float c = (isnan(q) ? 0 : q < -1000 ? -1000 : q > 1000 ? 1000 : q) + z;
    y[l] = (c < 0 ? 0 : c > 255 ? 255 : c) - z;
  }
}
#endif
