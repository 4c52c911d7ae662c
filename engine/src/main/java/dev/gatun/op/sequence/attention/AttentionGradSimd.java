package dev.gatun.op.sequence.attention;

import dev.gatun.device.Workers;
import dev.gatun.op.Call;

final class AttentionGradSimd {
  private AttentionGradSimd() {}

  static void run(AttentionGrad op, Call c, Workers w) {
    op.reference(c);
  }
}
