// What convolutions have beside a product: patches of images as its operand, and its results added to images.

#ifdef PATCHES
// Patches of one group of channels of one image a plane of work-items: terms are taps of channels. Strides follow from PATCHES: 1 panels of pixels, [k][32]; 2 panels of terms, [pixel][32]; 3 a
// matrix [k][pixels].
kernel void patches(
    IN(T, x), PIECE(to), const long16 g, const long channels, const long images, const long firstImage) {
  const long taps = KERNEL_H * KERNEL_W;
  const long depth = channels * taps;
  const long pixels = OUT_H * OUT_W;
  const long group = get_global_id(2);
  const long groups = get_global_size(2) / images;
  const long plane = (firstImage * groups + group) * channels;
  const long k = get_global_id(1);
  const long p0 = get_global_id(0) * (long) CHUNK;
#if PATCHES == 1
  const long width = (pixels + WIDTH - 1) / WIDTH * WIDTH;
  __global T* y = AT(T, to) + group * width * depth;
#elif PATCHES == 2
  // Images follow each other in a panel: they are summed. Groups come first.
  const long width = pixels;
  const long terms = (depth + WIDTH - 1) / WIDTH * WIDTH;
  __global T* y = AT(T, to) + (group % groups) * terms * images * pixels;
  y += (k / WIDTH * images * pixels + group / groups * pixels) * WIDTH + k % WIDTH;
#else
  const long width = pixels;
  __global T* y = AT(T, to) + (group * depth + k) * pixels;
#endif
  const long tap = k % taps;
  const long dh = tap / KERNEL_W * DILATION_H - TOP;
  const long dw = tap % KERNEL_W * DILATION_W - LEFT;
  __global const T* from = x_buffer + x_first + (plane + k / taps) * H * W;
  long p = p0;
  const long end = min(p0 + CHUNK, width);
  while (p < end) {
    // A run of pixels of one row.
    const long ow = p % OUT_W;
    const long ih = p / OUT_W * STRIDE_H + dh;
    const long run = p >= pixels ? end : min(end, p - ow + OUT_W);
    const bool row = p < pixels && k < depth && ih >= 0 && ih < H;
    long iw = ow * STRIDE_W + dw;
    for (; p < run; p++) {
      const T v = row && iw >= 0 && iw < W ? from[ih * W + iw] : (T) 0;
#if PATCHES == 1
      y[(p / WIDTH * depth + k) * WIDTH + p % WIDTH] = v;
#elif PATCHES == 2
      y[p * WIDTH] = v;
#else
      y[p] = v;
#endif
      iw += STRIDE_W;
    }
  }
}
#endif

#ifdef SCATTERED
// Images from the products of each tap, [channel][tap][pixel]: each element adds those that fall on it.
kernel void gather(
    PIECE(from), OUT(T, y), const long16 g, const long channels, const long firstPlane
#ifdef BIASED
    , IN(T, bias)
#endif
) {
  const long taps = KERNEL_H * KERNEL_W;
  const long pixels = OUT_H * OUT_W;
  const long h = get_global_id(1);
  const long plane = get_global_id(2);
  __global const T* x = AT(const T, from) + plane * taps * pixels;
  __global T* to = y_buffer + y_first + ((firstPlane + plane) * H + h) * W;
#ifdef BIASED
  const T start = bias_buffer[bias_first + (firstPlane + plane) % channels];
#else
  const T start = 0;
#endif
  long w = get_global_id(0) * (long) CHUNK;
  for (const long end = min(w + CHUNK, W); w < end; w++) {
    T sum = start;
    for (long i = 0; i < KERNEL_H; i++) {
      const long ih = h + TOP - i * DILATION_H;
      if (ih < 0 || ih % STRIDE_H != 0 || ih / STRIDE_H >= OUT_H) continue;
      for (long j = 0; j < KERNEL_W; j++) {
        const long iw = w + LEFT - j * DILATION_W;
        if (iw < 0 || iw % STRIDE_W != 0 || iw / STRIDE_W >= OUT_W) continue;
        sum += x[(i * KERNEL_W + j) * pixels + ih / STRIDE_H * OUT_W + iw / STRIDE_W];
      }
    }
    to[w] = sum;
  }
}
#endif
