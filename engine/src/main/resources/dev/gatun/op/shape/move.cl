// Elements moved or set, whatever their type: E is an unsigned integer of their size.

// Row-major from a strided view. Axes of sizes `size` and strides `stride`, the last one first.
kernel void copy(
    IN(E, x), OUT(E, y), const long inner, const long rank, const long16 size, const long16 stride) {
  OPEN(E, x);
  OPEN_OUT(E, y);
  ARRAY16(sizes, size);
  ARRAY16(strides, stride);
  long row = get_global_id(1);
  __global E* to = y + row * inner;
  __global const E* from = x;
  for (int k = 1; k < rank; k++) {
    from += row % sizes[k] * strides[k];
    row /= sizes[k];
  }
  const long step = strides[0];
  long i = get_global_id(0) * (long) CHUNK;
  for (const long end = min(i + CHUNK, inner); i < end; i++) to[i] = from[i * step];
}

kernel void fill(OUT(E, y), const long n, const long bits) {
  OPEN_OUT(E, y);
  long i = get_global_id(0) * (long) CHUNK;
  for (const long end = min(i + CHUNK, n); i < end; i++) y[i] = (E) bits;
}
