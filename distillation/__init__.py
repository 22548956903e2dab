"""Students, their teachers, and what they learn from them."""

from .build import Distillation, build_student, make_distillation
from .feature_file import read_features
from .student import Student, StudentOutput
from .teacher import FeatureTeacher, Lesson, NetworkTeacher, Teacher, check_same_pixels

__all__ = [
    "Distillation",
    "FeatureTeacher",
    "Lesson",
    "NetworkTeacher",
    "Student",
    "StudentOutput",
    "Teacher",
    "build_student",
    "check_same_pixels",
    "make_distillation",
    "read_features",
]
