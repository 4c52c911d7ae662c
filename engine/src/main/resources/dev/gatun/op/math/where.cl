// z = c ? x : y on bits, E an unsigned integer of their size. Rows of `inner` elements under outer axes of sizes
// `size`, the innermost first, along which operands have strides; a stride of 0 repeats.
#define CHOSEN(C, X, Y) \
  for (; i < end; i++) z[i] = c[C] ? x[X] : y[Y]

kernel void choose(
    IN(uchar, c_), IN(E, x_), IN(E, y_), OUT(E, z_), const long inner, const long ci, const long xi, const long yi,
    const long axes, const long16 size, const long16 cs, const long16 xs, const long16 ys) {
  OPEN(uchar, c_);
  OPEN(E, x_);
  OPEN(E, y_);
  OPEN_OUT(E, z_);
  ARRAY16(sizes, size);
  ARRAY16(cStrides, cs);
  ARRAY16(xStrides, xs);
  ARRAY16(yStrides, ys);
  long row = get_global_id(1);
  __global E* z = z_ + row * inner;
  __global const uchar* c = c_;
  __global const E* x = x_;
  __global const E* y = y_;
  for (int k = 0; k < axes; k++) {
    const long at = row % sizes[k];
    row /= sizes[k];
    c += at * cStrides[k];
    x += at * xStrides[k];
    y += at * yStrides[k];
  }
  long i = get_global_id(0) * (long) CHUNK;
  const long end = min(i + CHUNK, inner);
  // What repeats is loop-invariant, so that each form becomes vector code.
  if (ci && xi && yi) CHOSEN(i, i, i);
  else if (ci && xi) CHOSEN(i, i, 0);
  else if (ci && yi) CHOSEN(i, 0, i);
  else if (ci) CHOSEN(i, 0, 0);
  else CHOSEN(0, i * xi, i * yi);
}
