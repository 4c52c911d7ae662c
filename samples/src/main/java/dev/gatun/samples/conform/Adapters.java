package dev.gatun.samples.conform;

import java.util.List;
import java.util.Optional;

/// Every adapter there is.
final class Adapters {
  private static final List<Adapter> ALL =
      List.of(
          new Norms(),
          new CausalConvolution(),
          new LongConvolution(),
          new FlashAttention(),
          new ScaledAttention(),
          new GatedAttention(),
          new StreamingCache(),
          new LambdaMask(),
          new RotaryEmbedding(),
          new AlibiBias(),
          new UniversalPositions(),
          new ScanAttention(),
          new TorchRnn(),
          new CauchySums(),
          new DplrKernel(),
          new DiagonalKernel(),
          new HippoMatrices(),
          new S4Steps(),
          new S4Layer(),
          new MinimalS4d(),
          new BidiagonalSystems(),
          new LinearRecurrentUnit(),
          new MinimalRnns(),
          new SelectiveScans(),
          new LinearAttentionFamily());

  private Adapters() {}

  /// The adapter for `file`.
  static Optional<Adapter> of(String file) {
    return ALL.stream().filter(a -> a.file().equals(file)).findFirst();
  }
}
