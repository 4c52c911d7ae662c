// Gradients of reductions along rows [m, n]; a work-item goes through `per` rows.
#define ROWS \
  const long first = get_global_id(0) * per; \
  for (long r = first; r < min(m, first + per); r++)
// NaN is as NaN.
#define SAME(a, b) ((a) == (b) || (isnan(a) && isnan(b)))

// dy shared among the elements that equal the result.
kernel void max_back(
    IN(T, x_), IN(T, y), IN(T, dy), OUT(T, dx_), const long m, const long n, const long per) {
  OPEN(T, x_);
  OPEN(T, y);
  OPEN(T, dy);
  OPEN_OUT(T, dx_);
  ROWS {
    __global const T* x = x_ + r * n;
    __global T* dx = dx_ + r * n;
    const T top = y[r];
    I_T ties = 0;
    for (long i = 0; i < n; i++) ties += SAME(x[i], top) ? 1 : 0;
    const T share = dy[r] / ties;
    for (long i = 0; i < n; i++) dx[i] = SAME(x[i], top) ? share : 0;
  }
}

// r^(p - 1). Of a negative `y`, which is no norm, F32 sees infinity where the definition, in doubles, has a number.
#ifdef IS_F64
#define POWER(r) exp2((p - 1) * log2(isinf(r) ? fabs(r) : (r)))
#else
#define POWER(r) exp2((p - 1) * log2(r))
#endif

#ifdef SHARE
// SHARE sees a = |x|, y, `ties` and p. OpenCL's sign() of NaN is 0.
kernel void norm_back(
    IN(T, x_), IN(T, y_), IN(T, dy_), OUT(T, dx_), const long m, const long n, const long per, const T p) {
  OPEN(T, x_);
  OPEN(T, y_);
  OPEN(T, dy_);
  OPEN_OUT(T, dx_);
  ROWS {
    __global const T* x = x_ + r * n;
    __global T* dx = dx_ + r * n;
    const T y = y_[r];
    const T dy = dy_[r];
    I_T ties = 0;
    if (COUNTS) {
      for (long i = 0; i < n; i++) ties += fabs(x[i]) == y ? 1 : 0;
    }
    for (long i = 0; i < n; i++) {
      const T v = x[i];
      const T a = fabs(v);
      const T side = v < 0 ? -1 : v > 0 ? 1 : v;
      dx[i] = (y == 0 && p != 1) || v == 0 ? 0 : dy * side * (SHARE);
    }
  }
}
#endif

// The product of all the others, without a division.
kernel void prod_back(IN(T, x_), IN(T, dy), OUT(T, dx_), const long m, const long n, const long per) {
  OPEN(T, x_);
  OPEN(T, dy);
  OPEN_OUT(T, dx_);
  ROWS {
    __global const T* x = x_ + r * n;
    __global T* dx = dx_ + r * n;
    T after = 1;
    for (long i = n - 1; i >= 0; i--) {
      dx[i] = after;
      after *= x[i];
    }
    T before = dy[r];
    for (long i = 0; i < n; i++) {
      dx[i] *= before;
      before *= x[i];
    }
  }
}

// 0 where the divisor is; `per` elements.
kernel void quotient(IN(T, x), IN(T, y), OUT(T, z), const long m, const long n, const long per) {
  OPEN(T, x);
  OPEN(T, y);
  OPEN_OUT(T, z);
  ROWS z[r] = y[r] == 0 ? 0 : x[r] / y[r];
}
