// Steps of optimisers, in place.
#define CHUNKED \
  long i = get_global_id(0) * (long) CHUNK; \
  for (const long end = min(i + CHUNK, n); i < end; i++)

kernel void adam(
    INOUT(T, p), INOUT(T, m), INOUT(T, v), IN(T, g), const long n, const T beta1, const T rest1, const T beta2,
    const T rest2, const T epsilon, const T kept, const T pull, const T stride, const T spread, const T scale) {
  OPEN_OUT(T, p);
  OPEN_OUT(T, m);
  OPEN_OUT(T, v);
  OPEN(T, g);
  CHUNKED {
    const T d = scale * g[i] + pull * p[i];
    m[i] = beta1 * m[i] + rest1 * d;
    v[i] = beta2 * v[i] + rest2 * d * d;
    p[i] = kept * p[i] - stride * m[i] / (sqrt(v[i]) * spread + epsilon);
  }
}

kernel void sgd(
    INOUT(T, p), INOUT(T, b), IN(T, g), const long n, const T rate, const T scale, const T decay, const T momentum,
    const long nesterov) {
  OPEN_OUT(T, p);
  OPEN_OUT(T, b);
  OPEN(T, g);
  CHUNKED {
    const T d = scale * g[i] + decay * p[i];
    T move = d;
    if (momentum != 0) {
      const T v = momentum * b[i] + d;
      b[i] = v;
      move = nesterov ? d + momentum * v : v;
    }
    p[i] -= rate * move;
  }
}
