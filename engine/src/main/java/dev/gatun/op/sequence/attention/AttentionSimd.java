package dev.gatun.op.sequence.attention;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;

final class AttentionSimd {
  private AttentionSimd() {}

  static void run(Attention op, Call c, Workers w) {
    if (AttentionDecodeSimd.applies(op, c)) {
      AttentionDecodeSimd.run(op, c, w);
      return;
    }
    op.reference(c);
  }
}
