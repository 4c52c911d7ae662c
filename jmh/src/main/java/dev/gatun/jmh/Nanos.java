package dev.gatun.jmh;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// What a round of a [Duel] measured, in nanoseconds per call if not said otherwise; 0 where nobody
/// took part.
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class Nanos {
  /// The engine.
  public double ours;

  /// The engine's gradient of the same.
  public double backward;

  /// The library it is compared with.
  public double peer;

  /// A second library, in plain Java.
  public double javaPeer;

  /// The peer on one element: what it takes to call it at all.
  public double peerCall;

  /// The engine on one element: what a call costs beside the work.
  public double ownCall;

  /// The loop that the machine's limit is measured with, scaled to the work of one call.
  public double ceiling;

  /// A second limit: multiply-adds in registers, beside the memory's.
  public double peak;

  /// The engine's kernel alone, without the tensors around it.
  public double kernel;

  /// The engine's own plain form of the same: attention to all keys.
  public double dense;

  /// Part of the plain form's work that the engine's has, a number and no time.
  public double share;
}
