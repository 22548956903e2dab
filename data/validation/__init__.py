"""What is wrong with a data set: quickly, from its records, or slowly, from its images."""

from .examination import SUBSETS, Report, examine, report_table, report_tree
from .findings import Finding, batch_findings, check_queries, quick_findings, report_quickly

__all__ = [
    "SUBSETS",
    "Finding",
    "Report",
    "batch_findings",
    "check_queries",
    "examine",
    "quick_findings",
    "report_quickly",
    "report_table",
    "report_tree",
]
