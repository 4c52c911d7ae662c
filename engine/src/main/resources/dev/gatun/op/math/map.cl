// Element by element: each work-item goes through CHUNK elements, in vectors of LANES where the type of the
// results is that of the inputs. BODY is the body of a function of x, y and the attributes a and b.
#ifdef IS_SLOPE
inline V gelu_tanh_slope(V x) {
  V z = x < -25 ? (V) (-25) : x > 25 ? (V) (25) : x;
  V s = 1 / (1 + exp(-z * (1.5957691216057308 + 0.07135481627260025 * z * z)));
  return s + s * (1 - s) * z * (1.5957691216057308 + 3 * 0.07135481627260025 * z * z);
}

inline V mish_slope(V x) {
  V w = exp(x > 40 ? (V) (40) : x);
  V n = w * (w + 2);
  V z = x < -800 ? (V) (-800) : x > 800 ? (V) (800) : x;
  return n / (n + 2) + z * 4 * w * (w + 1) / ((n + 2) * (n + 2));
}
#define GELU_TANH_SLOPE(x) gelu_tanh_slope(x)
#define MISH_SLOPE(x) mish_slope(x)

inline V slope(V x, PARAMETER a) { return SLOPE; }
#endif

#ifdef SEVERAL
// Up to three operands of one shape, two results: BODY sets `u` and `v`.
inline void g(V x, V y, V z, V* u, V* v) { BODY }

kernel void several(IN(T, x_), IN(T, y_), IN(T, z_), OUT(T, u_), OUT(T, v_), const long n) {
  OPEN(T, x_);
  OPEN(T, y_);
  OPEN(T, z_);
  OPEN_OUT(T, u_);
  OPEN_OUT(T, v_);
  V u = 0;
  V v = 0;
  long i = get_global_id(0) * (long) CHUNK;
  const long end = min(i + CHUNK, n);
  for (; i + LANES <= end; i += LANES) {
    g(LOAD(x_ + i), LOAD(y_ + i), LOAD(z_ + i), &u, &v);
    STORE(u, u_ + i);
    if (SEVERAL > 1) STORE(v, v_ + i);
  }
#if LANES > 1
  if (i < end) {
    T x[LANES] = {0};
    T y[LANES] = {0};
    T z[LANES] = {0};
    for (long j = i; j < end; j++) {
      x[j - i] = x_[j];
      y[j - i] = y_[j];
      z[j - i] = z_[j];
    }
    g(LOAD(x), LOAD(y), LOAD(z), &u, &v);
    STORE(u, x);
    STORE(v, y);
    for (long j = i; j < end; j++) {
      u_[j] = x[j - i];
      if (SEVERAL > 1) v_[j] = y[j - i];
    }
  }
#endif
}
#else
inline RV f(V x, V y, PARAMETER a, PARAMETER b) { BODY }

kernel void unary(IN(T, x), OUT(R, y), const long n, const PARAMETER a, const PARAMETER b) {
  OPEN(T, x);
  OPEN_OUT(R, y);
  long i = get_global_id(0) * (long) CHUNK;
  const long end = min(i + CHUNK, n);
  for (; i + LANES <= end; i += LANES) {
    V v = LOAD(x + i);
    STORE(f(v, v, a, b), y + i);
  }
#if LANES > 1
  if (i < end) {
    T part[LANES] = {0};
    for (long j = i; j < end; j++) part[j - i] = x[j];
    V v = LOAD(part);
    STORE(f(v, v, a, b), part);
    for (long j = i; j < end; j++) y[j] = part[j - i];
  }
#endif
}

// Rows of `inner` elements; an operand that repeats along the row has a stride of 0 there. Rows lie under outer axes
// of sizes `size`, the innermost first, along which operands have strides `xs` and `ys`.
kernel void binary(
    IN(T, x_), IN(T, y_), OUT(R, z_), const long inner, const long xi, const long yi, const long axes, const long16 size,
    const long16 xs, const long16 ys, const PARAMETER a, const PARAMETER b) {
  OPEN(T, x_);
  OPEN(T, y_);
  OPEN_OUT(R, z_);
  long i = get_global_id(0) * (long) CHUNK;
  const long end = min(i + CHUNK, inner);
  ARRAY16(sizes, size);
  ARRAY16(xStrides, xs);
  ARRAY16(yStrides, ys);
  long row = get_global_id(1);
  __global R* z = z_ + row * inner;
  __global const T* x = x_;
  __global const T* y = y_;
  for (int k = 0; k < axes; k++) {
    const long at = row % sizes[k];
    row /= sizes[k];
    x += at * xStrides[k];
    y += at * yStrides[k];
  }
#if LANES > 1
  for (; i + LANES <= end; i += LANES) {
    V v = xi == 0 ? (V) (x[0]) : LOAD(x + i);
    V w = yi == 0 ? (V) (y[0]) : LOAD(y + i);
    STORE(f(v, w, a, b), z + i);
  }
  if (i < end) {
    T v[LANES] = {0};
    T w[LANES] = {0};
    for (long j = i; j < end; j++) {
      v[j - i] = x[j * xi];
      w[j - i] = y[j * yi];
    }
    STORE(f(LOAD(v), LOAD(w), a, b), v);
    for (long j = i; j < end; j++) z[j] = v[j - i];
  }
#else
  for (; i < end; i++) z[i] = f(x[i * xi], y[i * yi], a, b);
#endif
}
#endif
