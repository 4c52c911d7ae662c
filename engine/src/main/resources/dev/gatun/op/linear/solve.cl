// Gaussian elimination with partial pivoting, a work-group a matrix; see Solve. Numbers are double where there are any.
#ifdef cl_khr_fp64
#define D double
#else
#define D T
#endif

kernel void solve(
    IN(T, a), IN(T, b), OUT(T, x), __global char* work, const long workAt, const long n, const long r,
    const long transposed) {
  OPEN(T, a);
  OPEN(T, b);
  OPEN_OUT(T, x);
  const long group = get_group_id(0);
  const long lane = get_local_id(0);
  const long lanes = get_local_size(0);
  const long width = n + r;
  __global D* m = (__global D*) (work + workAt) + group * n * width;
  for (long i = 0; i < n; i++) {
    for (long j = lane; j < width; j += lanes) {
      const long at = group * n * n + (transposed ? j * n + i : i * n + j);
      m[i * width + j] = j < n ? (D) a[at] : (D) b[(group * n + i) * r + j - n];
    }
  }
  barrier(CLK_GLOBAL_MEM_FENCE);
  for (long p = 0; p < n; p++) {
    __global D* const pivot = m + p * width;
    long best = p;
    for (long i = p + 1; i < n; i++) {
      if (fabs(m[i * width + p]) > fabs(m[best * width + p])) best = i;
    }
    barrier(CLK_GLOBAL_MEM_FENCE);
    for (long j = p + lane; j < width && best != p; j += lanes) {
      const D kept = pivot[j];
      pivot[j] = m[best * width + j];
      m[best * width + j] = kept;
    }
    barrier(CLK_GLOBAL_MEM_FENCE);
    // Column p itself stays as it is: every work-item reads its factors there.
    for (long i = p + 1; i < n; i++) {
      const D factor = m[i * width + p] / pivot[p];
      for (long j = p + 1 + lane; j < width && factor != 0; j += lanes) {
        m[i * width + j] = fma(-factor, pivot[j], m[i * width + j]);
      }
    }
    barrier(CLK_GLOBAL_MEM_FENCE);
  }
  for (long j = n + lane; j < width; j += lanes) {
    for (long i = n - 1; i >= 0; i--) {
      const D y = m[i * width + j] / m[i * width + i];
      for (long k = 0; k < i; k++) m[k * width + j] = fma(-m[k * width + i], y, m[k * width + j]);
      x[(group * n + i) * r + j - n] = (T) y;
    }
  }
}
