package dev.gatun.decode.cache;

import dev.gatun.op.shape.Dequantize;
import dev.gatun.op.shape.Quantize;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;

/// Rows of numbers in some format; work memory is that of the scopes of what comes in.
sealed interface Store {
  /// Writes `x [B, H, n, D]` to places.
  void write(Tensor x, long[] places);

  /// The rows at `places [B, m]` as numbers of type `to`, in the scope of `places`.
  Tensor read(Tensor places, DType to);

  long bytes();

  /// Numbers as they are, or of a shorter type.
  record Plain(Rows rows, DType type) implements Store {
    static Plain of(Scope home, CacheSpec s, DType type, long size, long dim) {
      return new Plain(new Rows(home, type, s.batch(), s.heads(), size, dim), type);
    }

    @Override
    public void write(Tensor x, long[] places) {
      rows.write(x.dtype() == type ? x : x.to(type), places);
    }

    @Override
    public Tensor read(Tensor places, DType to) {
      Tensor x = rows.read(places, 1);
      return to == type ? x : x.to(to);
    }

    @Override
    public long bytes() {
      return rows.bytes();
    }
  }

  /// Codes and scales of [Quantize].
  record Coded(Rows codes, Rows scale, int bits, long group) implements Store {
    static Coded of(Scope home, CacheSpec s, int bits, long group, long size, long dim) {
      Rows codes = new Rows(home, DType.I8, s.batch(), s.heads(), size, dim * bits / 8);
      Rows scale = new Rows(home, DType.F32, s.batch(), s.heads(), size, dim / group);
      return new Coded(codes, scale, bits, group);
    }

    @Override
    public void write(Tensor x, long[] places) {
      Quantize.Result q = Quantize.of(x, bits, group);
      codes.write(q.codes(), places);
      scale.write(q.scale(), places);
    }

    @Override
    public Tensor read(Tensor places, DType to) {
      Tensor c = codes.read(places, 1);
      return new Dequantize(to, bits, group).of(c, scale.read(places, 1));
    }

    @Override
    public long bytes() {
      return codes.bytes() + scale.bytes();
    }
  }
}
