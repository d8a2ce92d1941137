"""The routes of the reports of funnels and of their visitors."""

from fastapi import APIRouter

router = APIRouter(prefix="/api/v1/analytics", tags=["funnels"])
