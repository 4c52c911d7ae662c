package dev.gatun.nn.rwkv;

import dev.gatun.nn.Module;
import dev.gatun.op.linear.Embedding;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// RWKV language models, versions 4, 5.2, 6 and 7: blocks of a linear recurrence and a gated
/// feed-forward layer, both of which see the step before. A sequence takes time that grows with its
/// length, a step constant time and memory.
///
/// The version is told by the parameters' names, which are those of rwkv.cpp's files
/// ([dev.gatun.io.RwkvFile]); decays are as there: in version 4 their logarithms, in 5.2 the
/// factors themselves, in 6 the logarithms of the negative logarithms. Gradients reach all
/// parameters.
///
/// Sources: Peng et al., arXiv 2305.13048 (version 4), 2404.05892 (5 and 6), 2503.14456 (7).
public final class Rwkv extends Module {
  private final Map<String, Weights> parts = new LinkedHashMap<>();
  private final Weights first;
  private final List<Block> blocks = new ArrayList<>();
  private final long features;
  private final long vocabulary;
  private final DType type;

  private record Block(Weights w, TimeMixing time, ChannelMixing channel) {}

  /// What is kept between calls: for each block the features before its two parts, `[B, D]`, and
  /// the memory of its recurrence.
  public record State(List<Tensor> parts) {}

  /// What a call gives.
  ///
  /// @param logits `[B, T, V]`
  /// @param state after the last token
  public record Output(Tensor logits, State state) {}

  private Rwkv(Scope scope, Map<String, Tensor> tensors) {
    Weights.split(tensors)
        .forEach((name, t) -> parts.put(name, child(name, new Weights(scope, t))));
    Weights all = part("blocks");
    for (int i = 0; all.has(Integer.toString(i)); i++) {
      Weights w = all.part(Integer.toString(i));
      TimeMixing time = TimeMixing.of(w.part("att"), scope);
      blocks.add(new Block(w, time, new ChannelMixing(w.part("ffn"))));
    }
    first = all.part("0");
    try (Scope look = scope.device().scope("sizes")) {
      Tensor table = part("emb").get("weight", look.zeros(DType.F32, Shape.of()));
      if (table.shape().rank() != 2) {
        throw new IllegalArgumentException("Rwkv: emb.weight must be [V, D]; got " + table.spec());
      }
      vocabulary = table.dim(0);
      features = table.dim(1);
      type = table.dtype();
    }
  }

  private Weights part(String name) {
    return Weights.part(parts, name);
  }

  /// The model whose parameters start as `tensors`, by name.
  ///
  /// @throws IllegalArgumentException if a parameter is missing or they are of no known version
  public static Rwkv of(Scope scope, Map<String, Tensor> tensors) {
    return new Rwkv(scope, tensors);
  }

  /// Tokens.
  public long vocabulary() {
    return vocabulary;
  }

  /// The state before the first token, in `scope`.
  public State start(Scope scope, long batch) {
    List<Tensor> parts = new ArrayList<>();
    for (Block b : blocks) {
      parts.add(scope.zeros(type, Shape.of(batch, features)));
      parts.add(scope.zeros(type, Shape.of(batch, features)));
      parts.add(b.time.start(scope, type, batch));
    }
    return new State(List.copyOf(parts));
  }

  /// Scores of the token after each of `tokens [B, T]`, `T` at least 1, going on from `state`: the
  /// same however a sequence is cut.
  ///
  /// @throws IllegalArgumentException if shapes or types do not fit, or a token is out of range
  public Output forward(Tensor tokens, State state) {
    if (tokens.shape().rank() != 2
        || tokens.dim(1) < 1
        || state.parts.size() != 3 * blocks.size()) {
      throw new IllegalArgumentException(
          "Rwkv: tokens must be [B, T] with T at least 1, and the state this model's; got %s and %d"
              .formatted(tokens.spec(), state.parts.size()));
    }
    Tensor table = part("emb").get("weight", tokens);
    Tensor x = first.part("ln0").norm(new Embedding().of(table, tokens));
    List<Tensor> next = new ArrayList<>();
    Optional<Tensor> value = Optional.empty();
    for (int i = 0; i < blocks.size(); i++) {
      Block b = blocks.get(i);
      Tensor u = b.w.part("ln1").norm(x);
      Tensor before = Shift.before(u, state.parts.get(3 * i));
      TimeMixing.Result r = b.time.forward(u, before, state.parts.get(3 * i + 2), value);
      value = Optional.of(value.orElse(r.value()));
      x = x.add(r.y());
      Tensor c = b.w.part("ln2").norm(x);
      x = x.add(b.channel.forward(c, Shift.before(c, state.parts.get(3 * i + 1))));
      next.addAll(List.of(Shift.last(u), Shift.last(c), r.memory()));
    }
    Tensor logits = part("head").project("weight", part("ln_out").norm(x));
    return new Output(logits, new State(List.copyOf(next)));
  }
}
