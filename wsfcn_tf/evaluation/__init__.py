"""Scoring predictions against masks: metrics, reports and the baselines that give the figures a meaning."""
