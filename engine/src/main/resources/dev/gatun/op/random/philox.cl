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

// The words of 16 blocks from `block` on, which is a multiple of 16: c[j] holds word j of each.
inline void philox16(const ulong seed, const ulong block, uint16* c) {
  uint2 k = (uint2) ((uint) seed, (uint) (seed >> 32));
  c[0] = (uint) block + (uint16) (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  c[1] = (uint16) ((uint) (block >> 32));
  c[2] = (uint16) (0);
  c[3] = (uint16) (0);
  for (int i = 0; i < 10; i++) {
    const uint16 a = mul_hi((uint16) (0xCD9E8D57u), c[2]) ^ c[1] ^ k.x;
    const uint16 b = 0xCD9E8D57u * c[2];
    const uint16 d = mul_hi((uint16) (0xD2511F53u), c[0]) ^ c[3] ^ k.y;
    c[3] = 0xD2511F53u * c[0];
    c[0] = a;
    c[1] = b;
    c[2] = d;
    k += (uint2) (0x9E3779B9u, 0xBB67AE85u);
  }
}
