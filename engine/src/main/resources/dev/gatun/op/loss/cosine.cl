// Cosines of rows, a row a work-item; its gradient, CHUNK elements of a row a work-item.

// Sums in parts of 64 elements, whose sums are compensated: rows may be long.
#define PART 64
#define ADD(sum, rest, v)      \
  {                            \
    const T y_ = (v) - rest;   \
    const T t_ = sum + y_;     \
    rest = (t_ - sum) - y_;    \
    rest = isfinite(rest) ? rest : (T) 0; \
    sum = t_;                  \
  }

inline T inverse(T squares, T eps) {
  const T norm = sqrt(squares);
  return norm <= eps ? -1 / eps : 1 / norm;
}

kernel void cosine(IN(T, x), IN(T, y), OUT(T, c), OUT(T, stats), const long rows, const long n, const T eps) {
  const long r = get_global_id(0);
  if (r >= rows) return;
  __global const T* p = x_buffer + x_first + r * n;
  __global const T* q = y_buffer + y_first + r * n;
  T xy = 0, xx = 0, yy = 0;
  T xyRest = 0, xxRest = 0, yyRest = 0;
  for (long i = 0; i < n; i += PART) {
    const long end = min(i + PART, n);
    T a = 0, b = 0, c2 = 0;
    for (long l = i; l < end; l++) {
      a = fma(p[l], q[l], a);
      b = fma(p[l], p[l], b);
      c2 = fma(q[l], q[l], c2);
    }
    ADD(xy, xyRest, a);
    ADD(xx, xxRest, b);
    ADD(yy, yyRest, c2);
  }
  const T a = inverse(xx, eps);
  const T b = inverse(yy, eps);
  const T cosine = xy * fabs(a) * fabs(b);
  c_buffer[c_first + r] = cosine;
  __global T* s = stats_buffer + stats_first + 3 * r;
  s[0] = a;
  s[1] = b;
  s[2] = cosine;
}

kernel void back(
    IN(T, x), IN(T, y), IN(T, stats), IN(T, dc), OUT(T, dx), OUT(T, dy), const long n) {
  const long r = get_global_id(1);
  __global const T* s = stats_buffer + stats_first + 3 * r;
  const T d = dc_buffer[dc_first + r];
  const T cross = d * fabs(s[0]) * fabs(s[1]);
  const T ownX = s[0] < 0 ? 0 : d * s[2] * s[0] * s[0];
  const T ownY = s[1] < 0 ? 0 : d * s[2] * s[1] * s[1];
  long i = get_global_id(0) * (long) CHUNK;
  for (const long end = min(i + CHUNK, n); i < end; i++) {
    const T u = x_buffer[x_first + r * n + i];
    const T v = y_buffer[y_first + r * n + i];
    dx_buffer[dx_first + r * n + i] = cross * v - ownX * u;
    dy_buffer[dy_first + r * n + i] = cross * u - ownY * v;
  }
}
