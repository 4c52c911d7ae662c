// Pools of windows over planes and their gradients. A work-item takes CHUNK elements of a row.

// Whether tap (i, j) of result (h, w) is padding, else `at` its element.
#define TAP(h, w, i, j)                                                           \
  const long ih = (h) * STRIDE_H + (i) * DILATION_H - TOP;                        \
  const long iw = (w) * STRIDE_W + (j) * DILATION_W - LEFT;                       \
  const bool padded = ih < 0 || ih >= H || iw < 0 || iw >= W;                     \
  const long at = padded ? 0 : ih * W + iw

#define ABOVE(x, y) (isnan(x) || (x) > (y) || ((x) == (y) && (x) == 0 && signbit(x) == 0 && !isnan(y)))

kernel void pool(IN(T, x), OUT(T, y), const long16 g, const long counted) {
  const long h = get_global_id(1);
  const long plane = get_global_id(2);
  __global const T* from = x_buffer + x_first + plane * H * W;
  __global T* to = y_buffer + y_first + (plane * OUT_H + h) * OUT_W;
  long w = get_global_id(0) * (long) CHUNK;
  const long end = min(w + CHUNK, (long) OUT_W);
  for (; w < end; w++) {
#ifdef MAX
    T most = LOWEST;
#else
    T sum = 0;
    long count = 0;
#endif
    for (long i = 0; i < KERNEL_H; i++) {
      for (long j = 0; j < KERNEL_W; j++) {
        TAP(h, w, i, j);
        if (padded) continue;
        const T v = from[at];
#ifdef MAX
        most = isnan(most) ? most : ABOVE(v, most) ? v : most;
#else
        sum += v;
        count++;
#endif
      }
    }
#ifdef MAX
    to[w] = most;
#else
    to[w] = sum / (T) (counted != 0 ? KERNEL_H * KERNEL_W : count);
#endif
  }
}

// Each element adds what the windows that it is in give it, in the order of the windows.
kernel void back(
#ifdef MAX
    IN(T, x), IN(T, y),
#endif
    IN(T, dy), OUT(T, dx), const long16 g, const long counted) {
  const long h = get_global_id(1);
  const long plane = get_global_id(2);
#ifdef MAX
  __global const T* image = x_buffer + x_first + plane * H * W;
  __global const T* result = y_buffer + y_first + plane * OUT_H * OUT_W;
#endif
  __global const T* from = dy_buffer + dy_first + plane * OUT_H * OUT_W;
  __global T* to = dx_buffer + dx_first + (plane * H + h) * W;
  long w = get_global_id(0) * (long) CHUNK;
  for (const long end = min(w + CHUNK, (long) W); w < end; w++) {
    T sum = 0;
    for (long i = KERNEL_H - 1; i >= 0; i--) {
      const long oh = h + TOP - i * DILATION_H;
      if (oh < 0 || oh % STRIDE_H != 0 || oh / STRIDE_H >= OUT_H) continue;
      for (long j = KERNEL_W - 1; j >= 0; j--) {
        const long ow = w + LEFT - j * DILATION_W;
        if (ow < 0 || ow % STRIDE_W != 0 || ow / STRIDE_W >= OUT_W) continue;
        const long pixel = oh / STRIDE_H * OUT_W + ow / STRIDE_W;
        const T d = from[pixel];
#ifdef MAX
        // The first tap that is the maximum takes it all.
        const T v = image[h * W + w];
        const T most = result[pixel];
        bool first = v == most || isnan(v);
        for (long p = 0; p < i * KERNEL_W + j && first; p++) {
          TAP(oh / STRIDE_H, ow / STRIDE_W, p / KERNEL_W, p % KERNEL_W);
          const T before = padded ? LOWEST : image[at];
          first = !(before == most || isnan(before));
        }
        if (first) sum += d;
#else
        long count = KERNEL_H * KERNEL_W;
        if (counted == 0) {
          count = 0;
          for (long p = 0; p < KERNEL_H * KERNEL_W; p++) {
            TAP(oh / STRIDE_H, ow / STRIDE_W, p / KERNEL_W, p % KERNEL_W);
            count += !padded;
          }
        }
        sum += d / (T) count;
#endif
      }
    }
    to[w] = sum;
  }
}
