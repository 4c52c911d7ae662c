/// Optimisers and learning-rate schedules.
package dev.gatun.train;
