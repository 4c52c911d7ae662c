// Rows of a table by index, and their gradients added up.
#ifdef IS_BF16
#define VALUE(x) bf16_float(x)
#else
#define VALUE(x) (x)
#endif

kernel void rows(
    IN(STORED, table), IN(I, indices), OUT(T, y_), const long n, const long width, const long count, FAULTS) {
  OPEN(STORED, table);
  OPEN(I, indices);
  OPEN_OUT(T, y_);
  const long i = get_global_id(1);
  const long row = checked(indices[i], 0, count, faults, call);
  __global T* y = y_ + i * width;
  __global const STORED* from = table + row * width;
  long c = get_global_id(0) * (long) CHUNK;
  for (const long end = min(c + CHUNK, width); c < end; c++) y[c] = row < 0 ? (T) 0 : (T) VALUE(from[c]);
}

// A work-item goes through all indices in order, for CHUNK columns.
kernel void rows_back(
    IN(T, dy), IN(I, indices), OUT(T, table), const long n, const long width, const long count, FAULTS) {
  OPEN(T, dy);
  OPEN(I, indices);
  OPEN_OUT(T, table);
  const long first = get_global_id(0) * (long) CHUNK;
  const long end = min(first + CHUNK, width);
  for (long row = 0; row < count; row++) {
    for (long c = first; c < end; c++) table[row * width + c] = 0;
  }
  for (long i = 0; i < n; i++) {
    const long row = checked(indices[i], 0, count, faults, call);
    if (row < 0) continue;
    __global T* to = table + row * width;
    __global const T* from = dy + i * width;
    for (long c = first; c < end; c++) to[c] += from[c];
  }
}
