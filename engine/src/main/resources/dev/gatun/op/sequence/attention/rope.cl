// Rotary embedding. Axes of x before the sequence have sizes `size`, the last one first; the tables, strides there.
kernel void rope(
    IN(T, x_), IN(T, cos_), IN(T, sin_), OUT(T, y_), const long rows, const long s, const long d, const long h,
    const long axes, const long16 size, const long16 stride, const T turn) {
  OPEN(T, x_);
  OPEN(T, cos_);
  OPEN(T, sin_);
  OPEN_OUT(T, y_);
  ARRAY16(sizes, size);
  ARRAY16(strides, stride);
  long row = get_global_id(0) * (long) CHUNK;
  for (const long end = min(row + CHUNK, rows); row < end; row++) {
    long sequence = row / s;
    long table = row % s;
    for (int k = 0; k < axes; k++) {
      table += sequence % sizes[k] * strides[k];
      sequence /= sizes[k];
    }
    __global const T* x = x_ + row * d;
    __global T* y = y_ + row * d;
    __global const T* c = cos_ + table * h;
    __global const T* n = sin_ + table * h;
    for (long i = 0; i < h; i++) {
#if INTERLEAVED
      const T a = x[2 * i];
      const T b = x[2 * i + 1];
      y[2 * i] = a * c[i] - b * (turn * n[i]);
      y[2 * i + 1] = b * c[i] + a * (turn * n[i]);
#else
      const T a = x[i];
      const T b = x[h + i];
      y[i] = a * c[i] - b * (turn * n[i]);
      y[h + i] = b * c[i] + a * (turn * n[i]);
#endif
    }
    for (long i = 2 * h; i < d; i++) y[i] = x[i];
  }
}
