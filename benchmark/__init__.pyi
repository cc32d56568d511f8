from .evaluation import evaluate as evaluate
from .methods.method import Method as Method
from .methods.table import METHODS as METHODS
from .metrics.base import Metric as Metric
from .metrics.table import METRICS as METRICS
from .records.load_scores import load_scores as load_scores
from .runs.run_protocol import run_protocol as run_protocol
from .runs.scoring.score import score as score
from .runs.scoring.score_folders import score_folders as score_folders

__version__: str
