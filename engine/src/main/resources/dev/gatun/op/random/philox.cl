// Philox4x32-10: the bits of Philox.java.
inline uint4 philox(const ulong seed, const ulong block, const uint stream) {
  uint2 k = (uint2) ((uint) seed, (uint) (seed >> 32));
  uint4 c = (uint4) ((uint) block, (uint) (block >> 32), stream, 0);
  for (int i = 0; i < 10; i++) {
    const uint4 next = (uint4) (mul_hi(0xCD9E8D57u, c.z) ^ c.y ^ k.x, 0xCD9E8D57u * c.z,
                                mul_hi(0xD2511F53u, c.x) ^ c.w ^ k.y, 0xD2511F53u * c.x);
    c = next;
    k += (uint2) (0x9E3779B9u, 0xBB67AE85u);
  }
  return c;
}

// One word for each element: element 64 g + 16 j + l has word j of block 16 g + l.
inline uint philox_word(const ulong seed, const ulong element) {
  const uint4 c = philox(seed, element / 64 * 16 + element % 16, 0);
  const uint j = (uint) (element % 64 / 16);
  return j == 0 ? c.x : j == 1 ? c.y : j == 2 ? c.z : c.w;
}
